#!/usr/bin/env python3
"""Parity: Chinese-CLIP models with random weights, theirs against ours.

    make parity                                    # tiny sizes, RN50 and ViT-B/16
    make parity PARITY_SIZES="vit-l-14 vit-h-14"   # others

or, one size alone:

    make peers-environment
    .venv-peers/bin/python Tests/Peers/parity.py FOLDER --size vit-b-16 --duiqi .build/release/duiqi

It writes a folder, has duiqi import, embed, train and export, and compares part by part: a run's
checkpoints go as soon as they are compared. First it leaves what duiqi needs (a Hugging Face
folder, or for RN50 the original's .pt, a shard of pictures that already have the model's size, two
recipes) and what is compared: unit embeddings, the losses of ten AdamW steps, the first step's
gradients and the last running statistics, by PyTorch in Float32 with captions padded to 52 tokens
(parity_models.py). In the end it prints a row for each quantity with its largest error and ends with
exit code 1 if one is out of bounds; parity_exports.py loads the exports.

Our gradients are read from the checkpoint of the run of one step: the optimizer's first moment is
then (1 - beta) times the gradient. Weights are drawn, so nothing here says how good a model is.
ViT-H/14 takes 20 GB of memory and 30 GB on the disk.
"""

import argparse
import io
import json
import math
import multiprocessing
import pathlib
import shutil
import subprocess
import sys
import tarfile
import time

import h5py
import numpy
import PIL.Image
import safetensors.torch
import tokenizers
import torch
from torch.nn import functional

import parity_exports
from parity_comparison import (
    BOUNDS, allowances, datasets, flat, gradient_errors, largest_error, statistics_error)
from parity_models import DEVIATION, MEAN, SIZES, VOCABULARY, Library

DATA = pathlib.Path(__file__).resolve().parents[2] / "recipes/data"
CONTEXT = 52
STEPS = 10
BETAS, EPSILON, DECAY, RATE = (0.9, 0.98), 1e-6, 0.05, 5e-5

# A residual tower's batch norms take the statistics of a chunk: there it is the whole batch.
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
  shuffle: false
  augmentation: none
objective:
  info_nce: {{ logit_scale_maximum: 100, repeated_pairs: plain }}
batch: {{ pairs: {pairs}, tokens_per_chunk: 256, images_per_chunk: {images} }}
optimizer:
  adamw: {{ learning_rate: {rate}, betas: [0.9, 0.98], epsilon: 1e-6, weight_decay: {decay} }}
  schedule: constant
length: {steps} steps
checkpoints: {{ every: {steps} steps, keep: 1 }}
memory_budget: 1 GiB
"""

RULES = {"trained": '"**: trained"',
         "locked": '"image/**: locked", "text/**: trained", "logit_scale: trained"'}


def write_pairs(count, pixels, noise, path):
    """Emoji and their names, all names in one file, pictures resized here once and for all."""
    tokenizer = tokenizers.BertWordPieceTokenizer(str(VOCABULARY))
    generator = numpy.random.default_rng(1)
    pictures, captions = [], []
    with tarfile.open(DATA / "noto-emoji/train.tar") as source, tarfile.open(path, "w") as shard:
        def add(name, content):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            shard.addfile(member, io.BytesIO(content))

        members = source.getmembers()[: 2 * count]
        for index, (picture, text) in enumerate(zip(members[::2], members[1::2])):
            image = PIL.Image.open(source.extractfile(picture)).convert("RGB")
            image = image.resize((pixels, pixels), PIL.Image.Resampling.BICUBIC)
            noisy = numpy.asarray(image) + generator.normal(0, noise, (pixels, pixels, 3))
            image = PIL.Image.fromarray(noisy.clip(0, 255).round().astype(numpy.uint8))
            encoded = io.BytesIO()
            image.save(encoded, "PNG")
            # Names of several pairs end to end, so that captions have many lengths.
            names = json.loads(source.extractfile(text).read())["zh"]
            caption = "，".join((names * 3)[: 1 + index % 9])
            add(f"{index:04}.png", encoded.getvalue())
            add(f"{index:04}.txt", caption.encode())
            pictures.append(numpy.asarray(image))
            ids = tokenizer.encode(caption).ids
            captions.append(ids if len(ids) <= CONTEXT else [*ids[: CONTEXT - 1], ids[-1]])
    ids = torch.zeros(count, CONTEXT, dtype=torch.long)
    for row, caption in enumerate(captions):
        ids[row, : len(caption)] = torch.tensor(caption)
    values = torch.from_numpy(numpy.stack(pictures)).float() / 255
    values = (values - torch.tensor(MEAN)) / torch.tensor(DEVIATION)
    return values.permute(0, 3, 1, 2).contiguous(), ids


def save_tensors(file, group, named):
    for key, value in named:
        file.create_dataset(f"{group}/{key}", data=value.detach().numpy())


def in_our_layout(key, value):
    """The original's projection of texts has its inputs first."""
    return value.T if key == "text_projection" else value


def train(size, folder, pixels, ids, pairs, mode, file, kind=torch.float32):
    """Writes ten losses, the first gradients and, of batch norms, the last statistics."""
    model = size.kind.load(folder, size).to(kind)
    pixels = pixels.to(kind)
    if mode.startswith("locked"):
        size.kind.lock_image(model)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in trained if p.ndim > 1], "weight_decay": DECAY},
         {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0}],
        lr=RATE, betas=BETAS, eps=EPSILON, fused=True)
    losses = []
    for step in range(STEPS):
        rows = slice(step * pairs, (step + 1) * pairs)
        optimizer.zero_grad()
        image, text = size.kind.rows(model, pixels[rows], ids[rows])
        scores = model.logit_scale.exp() * image @ text.T
        own = torch.arange(pairs)
        loss = (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
        loss.backward()
        if step == 0:
            save_tensors(file, f"{mode}/gradients", (
                (size.kind.path(key), in_our_layout(key, p.grad))
                for key, p in model.named_parameters() if p.requires_grad))
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        losses.append(loss.item())
        print(f"  step {step + 1}: {losses[-1]:.6f}", flush=True)
    file[f"{mode}/losses"] = losses
    save_tensors(file, f"{mode}/statistics", (
        (size.kind.path(key), value) for key, value in model.named_buffers()
        if "running" in key or "num_batches" in key))


def write(folder, size, pairs, seed):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = size.kind.make(size)
    size.kind.save(model, size, folder)
    pixels, ids = write_pairs(
        STEPS * pairs, size.image.pixels, size.noise, folder / "pairs.tar")
    kind = torch.float32 if size.kind is Library else torch.float64
    with torch.no_grad():
        model.to(kind)
        parts = [size.kind.rows(model, pixels[rows].to(kind), ids[rows])
                 for rows in torch.arange(len(ids)).split(pairs)]
    reference = {"pixels": pixels, "ids": ids}
    for index, name in enumerate(("image_embeddings", "text_embeddings")):
        reference[name] = torch.cat([part[index] for part in parts]).float()
    safetensors.torch.save_file(reference, folder / "reference.safetensors")
    del model, parts
    images = 4 if size.kind is Library else pairs
    with h5py.File(folder / "reference.h5", "w") as file:
        for mode, rules in RULES.items():
            print(f"{mode}:", flush=True)
            if size.kind is Library:
                train(size, folder, pixels, ids, pairs, mode, file)
            else:
                train(size, folder, pixels, ids, pairs, mode, file, torch.float64)
                train(size, folder, pixels, ids, pairs, f"{mode}, float32", file)
            (folder / f"{mode}.yaml").write_text(RECIPE.format(
                run=mode, rules=rules, pairs=pairs, images=min(images, pairs), rate=RATE,
                decay=DECAY, steps=STEPS))


def compared(folder, mode, work):
    """Rows of a mode's runs, whose checkpoints go then."""
    with h5py.File(folder / "reference.h5") as file:
        rows = work(folder, mode, file[mode], allowances(file, mode))
    shutil.rmtree(folder / "checkpoints")
    return rows


def gradient_rows(folder, mode, reference, allowed):
    expected = datasets(reference["gradients"])
    with h5py.File(folder / f"checkpoints/{mode}_once/last.h5") as checkpoint:
        moments = datasets(checkpoint["optimizer/first_moment"])
        if set(moments) != set(expected):
            different = sorted(set(moments) ^ set(expected))[:3]
            return [(f"{mode}: gradients", math.inf, 0.0, f"not both: {different}")]
        # The first moment after one step.
        worst, whole, zeros = gradient_errors(
            lambda path: flat(moments[path]) / (1 - BETAS[0]), expected)
    return [(f"{mode}: {len(expected)} gradients", worst[0], allowed["gradients"], worst[1]),
            (f"{mode}: all of them", whole, allowed["whole"], ""),
            (f"{mode}: those of nearly zero", zeros[0], allowed["zeros"], zeros[1])]


def run_rows(folder, mode, reference, allowed):
    lines = (folder / f"logs/{mode}/metrics.jsonl").read_text().splitlines()
    losses = [row["loss"] for row in map(json.loads, lines) if row["kind"] == "step"]
    # A loss that is no number is null in the log.
    found = torch.tensor(
        [math.nan if loss is None else loss for loss in losses], dtype=torch.float64)
    rows = [(f"{mode}: {STEPS} losses", largest_error(found, flat(reference["losses"])),
             allowed["losses"], "")]
    if "statistics" in reference:
        expected = datasets(reference["statistics"])
        with h5py.File(folder / f"checkpoints/{mode}/last.h5") as checkpoint:
            worst = statistics_error(datasets(checkpoint["parameters"]), expected)
        rows.append((f"{mode}: {len(expected)} statistics", worst[0], allowed["statistics"],
                     worst[1]))
    return rows


def export_rows(folder, name, size, reference):
    """The first batch through what was exported."""
    count = min(8, size.pairs)
    pixels, ids = reference["pixels"][:count], reference["ids"][:count]
    reference = {name: value[:count] for name, value in reference.items() if "embeddings" in name}
    paths = list((folder / "chinese-clip").glob("clip_cn_*.pt"))
    stem = paths[0].stem.removeprefix("clip_cn_")
    rows = []
    if size.kind is Library:
        rows += parity_exports.huggingface_rows(folder / "huggingface", pixels, ids, reference)
    return [
        *rows,
        *parity_exports.original_rows(paths[0], name, size, pixels, ids, reference),
        *parity_exports.onnx_rows(folder / "chinese-clip" / stem, CONTEXT, pixels, ids, reference),
    ]


def embedding_rows(folder, reference):
    return [(kind, largest_error(
        torch.from_numpy(numpy.load(folder / f"embeddings/{kind}.npy")), reference[kind]),
        BOUNDS["embeddings"], "") for kind in ("image_embeddings", "text_embeddings")]


def report(name, rows):
    for quantity, error, bound, place in rows:
        verdict = "ok" if error <= bound else "FAILED"
        print(f"{name:14} {quantity:30} {error:10.2e}  allowed {bound:.0e}  {verdict}  {place}"
              .rstrip())
    return 0 if all(error <= bound for _, error, bound, _ in rows) else 1


def write_apart(folder, name, pairs, seed):
    """In a process of its own: what PyTorch had to itself is free again when duiqi trains."""
    process = multiprocessing.get_context("spawn").Process(
        target=write, args=(folder, SIZES[name], pairs, seed))
    process.start()
    process.join()
    if process.exitcode != 0:
        sys.exit(f"the reference could not be written: exit code {process.exitcode}")


def run(folder, name, pairs, seed, program):
    """All of it; what took how long goes to standard error."""
    size = SIZES[name]

    def timed(part, work, *arguments):
        start = time.monotonic()
        result = work(*arguments)
        print(f"{name}: {part}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        return result

    def duiqi(*arguments):
        subprocess.run([program, *map(str, arguments), "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)

    # What an earlier run left would be gone on with.
    shutil.rmtree(folder, ignore_errors=True)
    timed("write", write_apart, folder, name, pairs, seed)
    model = folder / "model.h5"
    timed("import", duiqi, "import", *size.kind.arguments(size, folder), "--output", model)
    timed("embed", duiqi, "embed", model, "--shards", folder / "pairs.tar", "--captions", "txt",
          "--output", folder / "embeddings")
    reference = safetensors.torch.load_file(folder / "reference.safetensors")
    rows = embedding_rows(folder, reference)
    for mode in RULES:
        recipe = folder / f"{mode}.yaml"
        duiqi("train", recipe, "--root", folder, "--set", f"run={mode}_once",
              "--set", "length=1 steps")
        rows += timed(f"gradients, {mode}", compared, folder, mode, gradient_rows)
        timed(f"train, {mode}", duiqi, "train", recipe, "--root", folder)
        rows += timed(f"losses, {mode}", compared, folder, mode, run_rows)
    (folder / "reference.h5").unlink()
    for profile in (["huggingface"] if size.kind is Library else []) + ["chinese-clip"]:
        timed(f"export, {profile}", duiqi, "export", model, "--profile", profile, "--output",
              folder / profile)
    model.unlink()
    rows += timed("exports", export_rows, folder, name, size, reference)
    return report(name, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--size", choices=SIZES, default="vit-b-16")
    parser.add_argument("--pairs", type=int, help="of a batch; fewer for large sizes")
    parser.add_argument("--seed", type=int, help="what weights are drawn from")
    parser.add_argument("--duiqi", default=".build/release/duiqi", help="the executable")
    options = parser.parse_args()
    size = SIZES[options.size]
    seed = size.seed if options.seed is None else options.seed
    return run(options.folder, options.size, options.pairs or size.pairs, seed, options.duiqi)


if __name__ == "__main__":
    sys.exit(main())
