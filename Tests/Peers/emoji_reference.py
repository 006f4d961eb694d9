#!/usr/bin/env python3
"""The quickstart's two stages in plain PyTorch: the peer that duiqi's runs are measured against.

    make peers-environment
    make bench-quickstart                                both stages, 30 and 40 epochs
    make bench-quickstart PEER_OPTIONS="--epochs 1 1"    a look at the speed

Stage 1 trains both towers on English captions of the train and validation pictures. Stage 2 locks
that image tower and trains a fresh text tower on Chinese captions of the train pictures alone; its
validation pictures were never seen with Chinese text. Validation asks with the names, text to
image, among the 271 validation pictures; equal scores count against a hit.

PyTorch at its best: pictures decoded once and kept, captions tokenized once, fused attention and
AdamW. (`torch.compile` was tried: 4 to 5 % less time in float32 for minutes of compiling.)
--cached-image computes the locked tower's embeddings once, of pictures that are not rolled;
without it the tower runs on rolled pictures in every step, as Chinese-CLIP and OpenCLIP do.
The last line on standard output is JSON with everything that was measured. Rates are by the clock:
compare them only on an idle machine; `cpu_seconds` tell what a busy one took away.
"""

import argparse
import io
import json
import math
import os
import pathlib
import sys
import tarfile
import time

import numpy
import PIL.Image
import tokenizers
import torch

from towers import ImageTower, TextTower, contrastive_loss

DATA = pathlib.Path(__file__).resolve().parents[2] / "recipes/data"
SIZE = 64
CONTEXT = 24
BATCH = 256
ROLL = 4
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
RECALLS = (1, 5, 10)


class Pairs:
    """Pictures [count, size, size, 3], normalized, and the ids of every caption, padded."""

    def __init__(self, shards, language, tokenizer):
        pictures, self.captions = [], []
        for shard in shards:
            with tarfile.open(DATA / f"noto-emoji/{shard}.tar") as tar:
                for member in tar:
                    content = tar.extractfile(member).read()
                    if member.name.endswith(".png"):
                        picture = PIL.Image.open(io.BytesIO(content)).convert("RGB")
                        resized = picture.resize((SIZE, SIZE), PIL.Image.Resampling.BICUBIC)
                        pictures.append(numpy.asarray(resized))
                    else:
                        texts = json.loads(content)[language]
                        self.captions.append([encoded(tokenizer, text) for text in texts])
        scaled = torch.from_numpy(numpy.stack(pictures)).float() / 255
        self.pictures = ((scaled - torch.tensor(MEAN)) / torch.tensor(DEVIATION)).contiguous()

    def __len__(self):
        return len(self.captions)

    def rolled(self, rows, generator):
        """Pictures moved cyclically by up to ROLL pixels along each axis."""
        shifts = torch.randint(-ROLL, ROLL + 1, (2, len(rows), 1), generator=generator)
        down, right = (torch.arange(SIZE) - shifts) % SIZE
        return self.pictures[rows[:, None, None], down[:, :, None], right[:, None, :]]

    def drawn(self, rows, generator):
        """One caption of each pair."""
        draws = torch.rand(len(rows), generator=generator).tolist()
        texts = [self.captions[row] for row in rows.tolist()]
        return [text[int(draw * len(text))] for text, draw in zip(texts, draws)]


def encoded(tokenizer, text):
    # Chinese-CLIP's data loader: lower case, straight double quotes.
    text = text.lower().replace("\u201c", '"').replace("\u201d", '"')
    ids = tokenizer.encode(text).ids
    return ids if len(ids) <= CONTEXT else [*ids[: CONTEXT - 1], ids[-1]]


def padded(captions, padding):
    length = CONTEXT if padding == "context" else max(map(len, captions))
    ids = torch.zeros(len(captions), length, dtype=torch.long)
    for row, caption in enumerate(captions):
        ids[row, : len(caption)] = torch.tensor(caption)
    return ids


def learning_rate(step, total, base=1e-3, warmup=20):
    if step < warmup:
        return base * (step + 1) / warmup
    return 0.5 * base * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def recalls(image, text):
    """Shares of texts whose picture is among the first k, in percent."""
    scores = text @ image.T
    right = scores.diagonal()[:, None]
    others = (scores >= right).sum(dim=1) - 1
    return {f"recall@{k}": round(100 * (others < k).float().mean().item(), 1) for k in RECALLS}


class Stage:
    """One run of epochs over some pairs."""

    def __init__(self, options, name, train, validation, image, text, locks_image):
        self.options, self.name = options, name
        self.train, self.validation = train, validation
        self.image, self.text = image, text
        self.locks_image = locks_image
        self.log_scale = torch.nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.generator = torch.Generator().manual_seed(options.seed)
        trained = [*text.parameters(), self.log_scale]
        if not locks_image:
            trained += image.parameters()
        self.optimizer = torch.optim.AdamW(
            [{"params": [p for p in trained if p.ndim > 1], "weight_decay": 0.05},
             {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0}],
            lr=1e-3, betas=(0.9, 0.98), eps=1e-6, fused=True)
        self.cached = None
        if locks_image and options.cached_image:
            self.cached = self.embed(self.image, train.pictures)

    def precision(self):
        enabled = self.options.dtype == "bfloat16"
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled)

    def embed(self, tower, inputs):
        with torch.inference_mode(), self.precision():
            return torch.cat([tower(part) for part in inputs.split(BATCH)]).clone()

    def image_embeddings(self, rows):
        if self.cached is not None:
            return self.cached[rows]
        pictures = self.train.rolled(rows, self.generator)
        if not self.locks_image:
            return self.image(pictures)
        with torch.no_grad():
            return self.image(pictures)

    def step(self, rows, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        ids = padded(self.train.drawn(rows, self.generator), self.options.padding)
        with self.precision():
            image, text = self.image_embeddings(rows), self.text(ids)
        loss = contrastive_loss(image, text, self.log_scale)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            self.log_scale.clamp_(0, math.log(100))
        return loss.detach()

    def validate(self):
        names = padded([texts[0] for texts in self.validation.captions], self.options.padding)
        return recalls(self.embed(self.image, self.validation.pictures),
                       self.embed(self.text, names))

    def run(self, epochs):
        steps = len(self.train) // BATCH
        spent, rows = 0.0, []
        for epoch in range(epochs):
            start, cpu_start = time.perf_counter(), time.process_time()
            order = torch.randperm(len(self.train), generator=self.generator)
            losses = [
                self.step(order[step * BATCH : (step + 1) * BATCH],
                          learning_rate(epoch * steps + step, epochs * steps))
                for step in range(steps)]
            seconds = time.perf_counter() - start
            spent += seconds
            row = {"stage": self.name, "epoch": epoch + 1,
                   "loss": round(torch.stack(losses).mean().item(), 4),
                   "seconds": round(seconds, 2),
                   "cpu_seconds": round(time.process_time() - cpu_start, 2),
                   "pairs_per_second": round(steps * BATCH / seconds, 1)}
            if (epoch + 1) % self.options.validate_every == 0 or epoch + 1 == epochs:
                row |= self.validate()
            rows.append(row)
            print(" ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        return {"epochs": rows, "seconds": round(spent, 1),
                "pairs_per_second": round(epochs * steps * BATCH / spent, 1) if spent else None}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, nargs=2, default=(30, 40), metavar=("EN", "ZH"))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32",
                        help="of the products, through autocast")
    parser.add_argument("--padding", choices=("context", "longest"), default="context",
                        help="captions padded to 24 tokens or to the batch's longest")
    parser.add_argument("--cached-image", action="store_true")
    parser.add_argument("--validate-every", type=int, default=5, metavar="EPOCHS")
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    vocabulary = str(DATA / "bert-chinese/vocab.txt")
    tokenizer = tokenizers.BertWordPieceTokenizer(vocabulary, lowercase=True)
    load = os.getloadavg()[0]
    print(f"PyTorch {torch.__version__}, {options.threads} threads of {os.cpu_count()} cores, "
          f"{options.dtype}, seed {options.seed}, load {load:.1f} before the start", flush=True)

    def text_tower():
        return TextTower(tokenizer.get_vocab_size(), position_count=CONTEXT)

    image = ImageTower(size=SIZE)
    english = Stage(
        options, "english", Pairs(("train", "validation"), "en", tokenizer),
        Pairs(("validation",), "en", tokenizer), image, text_tower(), locks_image=False)
    results = {"english": english.run(options.epochs[0])}
    image.requires_grad_(False)
    start = time.perf_counter()
    chinese = Stage(
        options, "chinese", Pairs(("train",), "zh", tokenizer),
        Pairs(("validation",), "zh", tokenizer), image, text_tower(), locks_image=True)
    preparation = time.perf_counter() - start
    results["chinese"] = chinese.run(options.epochs[1])
    print(json.dumps({
        "torch": torch.__version__, "options": vars(options), "load_before": round(load, 1),
        "load_after": round(os.getloadavg()[0], 1),
        "chinese_preparation_seconds": round(preparation, 2), **results}))


if __name__ == "__main__":
    sys.exit(main())
