#!/usr/bin/env python3
"""Training of real size, duiqi and PyTorch in turn: ViT-B/16 and RoBERTa-base, drawn weights.

    .venv-peers/bin/python Tests/Peers/training_peers.py FOLDER --duiqi .build/release/duiqi

Both take the same pairs: JPEG pictures of 224 px, captions of about 18 tokens out of emoji names. duiqi is
`duiqi train` on them, its rates those of metrics.jsonl, first steps left out. The peer is transformers'
ChineseCLIPModel with fused attention and AdamW, the best of Float32 and BF16 autocast, each timed in
every round; pictures are decoded and captions tokenized before. First steps: one of both sides, and of duiqi's
short ones as many as pass while it makes room for copies of its checkpoints, once a run. A row is a median of
rounds:

    locked, tower run again   the peer runs the image tower in every step and pads to 52 tokens, as
                              Chinese-CLIP and OpenCLIP do
    locked, embeddings given  to both; the peer pads to the longest of the batch
    both towers trained       the peer pads to the longest of the batch

The last line on standard output is JSON.
"""

import argparse
import io
import json
import math
import pathlib
import random
import statistics
import subprocess
import sys
import tarfile
import time

import numpy
import PIL.Image
import tokenizers
import torch
import transformers
from torch.nn import functional

from parity_models import DEVIATION, MEAN, SIZES, VOCABULARY, Library

DATA = pathlib.Path(__file__).resolve().parents[2] / "recipes/data"
CONTEXT = 52

RECIPE = """\
run: {run}
seed: 1
model:
  from: model.h5
  train: [{rules}]
data:
  train: pairs.tar
  captions: txt
  context_length: 52
  augmentation: none
objective:
  info_nce: {{ logit_scale_maximum: 100, repeated_pairs: masked }}
batch: {{ pairs: {pairs}, tokens_per_chunk: 2048, images_per_chunk: 16 }}
optimizer:
  adamw: {{ learning_rate: 1e-6, betas: [0.9, 0.98], epsilon: 1e-6, weight_decay: 0.001 }}
  schedule: constant
precision: {precision}
memory_budget: 6 GiB
length: {steps} steps
checkpoints: {{ every: 1000 steps, keep: 1 }}
"""

LOCKED = '"image/**: locked", "text/**: trained", "logit_scale: trained"'
TRAINED = '"**: trained"'


def write_pairs(folder, count):
    """Pairs in a shard, and what the peer is given: pixels and ids."""
    generator, numbers = random.Random(1), numpy.random.default_rng(1)
    names, pictures = [], []
    with tarfile.open(DATA / "noto-emoji/train.tar") as source:
        for member in source:
            content = source.extractfile(member).read()
            if member.name.endswith(".png"):
                pictures.append(content)
            else:
                names += json.loads(content)["zh"]
    tokenizer = tokenizers.BertWordPieceTokenizer(str(VOCABULARY))
    pixels, captions = [], []
    with tarfile.open(folder / "pairs.tar", "w") as shard:
        for index in range(count):
            picture = PIL.Image.open(io.BytesIO(pictures[index % len(pictures)])).convert("RGB")
            picture = picture.resize((224, 224), PIL.Image.Resampling.BICUBIC)
            noisy = numpy.asarray(picture) + numbers.normal(0, 8, (224, 224, 3))
            encoded = io.BytesIO()
            PIL.Image.fromarray(noisy.clip(0, 255).astype(numpy.uint8)).save(encoded, "JPEG")
            # 10 to 22 characters; a token each, and two that begin and end.
            caption, length = "", generator.randint(10, 22)
            while len(caption) < length:
                caption += generator.choice(names)
            caption = caption[:length]
            for suffix, content in (("jpg", encoded.getvalue()), ("txt", caption.encode())):
                member = tarfile.TarInfo(f"{index:05}.{suffix}")
                member.size = len(content)
                shard.addfile(member, io.BytesIO(content))
            decoded = numpy.asarray(PIL.Image.open(encoded), dtype=numpy.float32) / 255
            pixels.append((decoded - numpy.float32(MEAN)) / numpy.float32(DEVIATION))
            captions.append(tokenizer.encode(caption).ids)
    values = torch.from_numpy(numpy.stack(pixels)).permute(0, 3, 1, 2).float().contiguous()
    return values, captions


def padded(captions, length=None):
    ids = torch.zeros(len(captions), length or max(map(len, captions)), dtype=torch.long)
    for row, caption in enumerate(captions):
        ids[row, : len(caption)] = torch.tensor(caption)
    return ids


class Peer:
    """A model in training, step by step."""

    def __init__(self, folder, pixels, captions, options):
        self.pixels, self.captions, self.pairs = pixels, captions, options.pairs
        self.model = transformers.ChineseCLIPModel.from_pretrained(
            folder / "model", attn_implementation="sdpa").train()
        self.next = 0

    def rows(self):
        start = self.next % (len(self.captions) - self.pairs + 1)
        self.next += self.pairs
        return slice(start, start + self.pairs)

    def prepare(self, locks_image):
        """Chooses what is trained, with a new optimizer."""
        for part in (self.model.vision_model, self.model.visual_projection):
            part.requires_grad_(not locks_image)
        self.optimizer = torch.optim.AdamW(
            [p for p in self.model.parameters() if p.requires_grad], lr=1e-6, betas=(0.9, 0.98),
            eps=1e-6, weight_decay=0.001, fused=True)

    def image(self, rows, given, locks_image):
        if given is not None:
            return given[rows]
        with torch.set_grad_enabled(not locks_image):
            # The class token's state, normalized, is what transformers calls the pooled output.
            pooled = self.model.vision_model(self.pixels[rows]).pooler_output
            return functional.normalize(self.model.visual_projection(pooled), dim=-1)

    def text(self, rows, length):
        ids = padded(self.captions[rows], length)
        state = self.model.text_model(ids, attention_mask=(ids != 0).long()).last_hidden_state[:, 0]
        return functional.normalize(self.model.text_projection(state), dim=-1)

    def step(self, dtype, locks_image, given=None, length=None):
        rows = self.rows()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
            image = self.image(rows, given, locks_image)
            text = self.text(rows, length)
        scores = self.model.logit_scale.exp() * image.float() @ text.float().T
        own = torch.arange(self.pairs)
        loss = (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        assert math.isfinite(loss.item())

    def rate(self, count, *arguments, **keywords):
        """Pairs a second; the first step warms up."""
        self.step(*arguments, **keywords)
        start = time.perf_counter()
        for _ in range(count):
            self.step(*arguments, **keywords)
        return count * self.pairs / (time.perf_counter() - start)


class Rows:
    """What was measured, by row, side and round."""

    def __init__(self):
        self.rates = {}

    def add(self, row, side, rate):
        print(f"  {row:26} {side:18} {rate:8.2f} pairs/s", flush=True)
        self.rates.setdefault(row, {}).setdefault(side, []).append(rate)

    def figures(self, row):
        sides = {side: statistics.median(rates) for side, rates in self.rates[row].items()}
        ours = sides.pop("duiqi bfloat16")
        best = max(sides, key=lambda side: sides[side] if side.startswith("PyTorch") else 0)
        return {"row": row, "duiqi": ours, "duiqi_float32": sides["duiqi float32"],
                "peer": sides[best], "peer_setting": best, "ratio": ours / sides[best]}


def duiqi_rate(options, rules, precision, steps, pairs, first_steps=1):
    name = f"{'locked' if rules is LOCKED else 'trained'}_{precision}"
    recipe = options.folder / f"{name}.yaml"
    recipe.write_text(RECIPE.format(
        run=name, rules=rules, precision=precision, steps=steps + first_steps,
        pairs=pairs))
    subprocess.run([options.duiqi, "train", recipe, "--root", options.folder, "--resume", "never",
                    "--quiet"], check=True)
    lines = (options.folder / f"logs/{name}/metrics.jsonl").read_text().splitlines()
    rates = [row["pairs_per_second"] for row in map(json.loads, lines) if row["kind"] == "step"]
    return steps / sum(1 / rate for rate in rates[-steps:])


def measure(options, peer, given):
    rows = Rows()
    again, embedded, both = (
        "locked, tower run again", "locked, embeddings given", "both towers trained")
    for index in range(options.rounds):
        print(f"round {index + 1}", flush=True)
        for precision in ("bfloat16", "float32"):
            rate = duiqi_rate(options, LOCKED, precision, options.steps * 4, options.pairs, 12)
            rows.add(again, f"duiqi {precision}", rate)
            rows.add(embedded, f"duiqi {precision}", rate)
            rows.add(both, f"duiqi {precision}",
                     duiqi_rate(options, TRAINED, precision, options.steps, options.pairs))
        for precision in ("bfloat16", "float32"):
            side = f"PyTorch {precision}"
            peer.prepare(locks_image=True)
            rows.add(again, side, peer.rate(options.steps, precision, True, length=CONTEXT))
            rows.add(embedded, side, peer.rate(2 * options.steps, precision, True, given=given))
            peer.prepare(locks_image=False)
            rows.add(both, side, peer.rate(max(1, options.steps // 2), precision, False))
    return [rows.figures(row) for row in (again, embedded, both)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--duiqi", default=".build/release/duiqi", help="the executable")
    parser.add_argument("--pairs", type=int, default=32, help="of a batch")
    parser.add_argument("--steps", type=int, default=3, help="of the slowest rows; others take more")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    size = SIZES["vit-b-16"]
    Library.save(Library.make(size), size, options.folder)
    pixels, captions = write_pairs(options.folder, 4 * options.pairs)
    subprocess.run([options.duiqi, "import", options.folder / "model", "--output",
                    options.folder / "model.h5", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    peer = Peer(options.folder, pixels, captions, options)
    peer.prepare(locks_image=True)
    with torch.no_grad():
        given = torch.cat([peer.image(slice(start, start + 16), None, True)
                           for start in range(0, len(captions), 16)])
    tokens = statistics.mean(map(len, captions))
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, batch {options.pairs}, "
          f"{tokens:.1f} tokens a caption", flush=True)
    rows = measure(options, peer, given)
    for row in rows:
        print(f"{row['row']:26} duiqi {row['duiqi']:6.2f}  {row['peer_setting']} {row['peer']:6.2f}  "
              f"ratio {row['ratio']:5.2f}")
    print(json.dumps({"torch": torch.__version__, "pairs": options.pairs, "tokens": tokens,
                      "rows": rows}))


if __name__ == "__main__":
    sys.exit(main())
