#!/usr/bin/env python3
"""Parity: ChineseCLIPModels with random weights, theirs against ours.

    make parity                                    # tiny sizes and ViT-B/16
    make parity PARITY_SIZES="vit-l-14 vit-h-14"   # others

or, one step after the other:

    make peers-environment
    python=.venv-peers/bin/python
    $python Tests/Peers/parity.py run FOLDER --size vit-b-16 --duiqi .build/release/duiqi

`run` writes a folder, has duiqi import, embed, train and export, and compares; `write` and
`compare` do the first and the last part alone. `write` leaves what duiqi needs (a Hugging Face
folder, a shard of pictures that already have the model's size, two recipes) and
`reference.safetensors`: unit embeddings, the losses of ten AdamW steps and the first step's
gradients, by transformers and PyTorch in Float32 with captions padded to 52 tokens. `compare`
prints a row for each quantity with its largest error and ends with exit code 1 if one is out of
bounds; parity_exports.py loads the exports.

Our gradients are read from the checkpoint of the run of one step: the optimizer's first moment is
then (1 - beta) times the gradient. Weights are drawn, so nothing here says how good a model is.
"""

import argparse
import io
import json
import math
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
import transformers

import parity_exports
from parity_names import our_path

DATA = pathlib.Path(__file__).resolve().parents[2] / "recipes/data"
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
CONTEXT = 52
STEPS = 10
BETAS, EPSILON, DECAY, RATE = (0.9, 0.98), 1e-6, 0.05, 1e-4

# Chinese-CLIP's model_configs, as vision (width, depth, head width, patch, pixels), text (width,
# depth), embedding width; before them a tiny one of the kind of each.
SIZES = {
    "tiny-b-16": ((64, 2, 16, 8, 24), (64, 2), 32),
    "tiny-l-14": ((96, 3, 16, 7, 28), (64, 2), 48),
    "tiny-l-14-336": ((96, 3, 16, 7, 42), (64, 2), 48),
    "tiny-h-14": ((80, 4, 20, 7, 28), (96, 3), 64),
    "vit-b-16": ((768, 12, 64, 16, 224), (768, 12), 512),
    "vit-l-14": ((1024, 24, 64, 14, 224), (768, 12), 768),
    "vit-l-14-336": ((1024, 24, 64, 14, 336), (768, 12), 768),
    "vit-h-14": ((1280, 32, 80, 14, 224), (1024, 24), 1024),
}

# Largest errors allowed: of an embedding's element, of a loss, of a gradient as a share of its
# norm, of a gradient that is zero as a share of all gradients' norm.
BOUNDS = {"embeddings": 1e-4, "losses": 1e-4, "gradients": 1e-3, "zeros": 1e-6}

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
batch: {{ pairs: {pairs}, tokens_per_chunk: 256, images_per_chunk: 4 }}
optimizer:
  adamw: {{ learning_rate: {rate}, betas: [0.9, 0.98], epsilon: 1e-6, weight_decay: {decay} }}
  schedule: constant
length: {steps} steps
checkpoints: {{ every: {steps} steps, keep: 1 }}
"""

RULES = {"trained": '"**: trained"',
         "locked": '"image/**: locked", "text/**: trained", "logit_scale: trained"'}


def model_of(size):
    (width, depth, head_width, patch, pixels), text, embedding = SIZES[size]
    text_width, text_depth = text
    text_head_width = 64 if text_width >= 768 else 16
    return transformers.ChineseCLIPModel(transformers.ChineseCLIPConfig(
        text_config={
            "vocab_size": 21128, "hidden_size": text_width, "num_hidden_layers": text_depth,
            "num_attention_heads": text_width // text_head_width,
            "intermediate_size": 4 * text_width, "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0},
        vision_config={
            "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": depth,
            "num_attention_heads": width // head_width, "patch_size": patch,
            "image_size": pixels},
        projection_dim=embedding))


def fill(model):
    """Weights that tell inputs apart; the library's own start makes nearly one row of all."""
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "norm" in key.lower() or "layrnorm" in key:
                parameter.normal_(1.0 if key.endswith("weight") else 0.0, 0.15)
            elif parameter.ndim == 1:
                parameter.normal_(0.0, 0.1)
            elif parameter.ndim > 1:
                is_table = "embedding" in key and "patch" not in key
                fan_in = 4 if is_table else parameter[0].numel()
                parameter.normal_(0.0, fan_in ** -0.5)


def write_model(model, size, folder):
    """The files of a published Hugging Face folder."""
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_bytes((DATA / "bert-chinese/vocab.txt").read_bytes())
    pixels = SIZES[size][0][4]
    (folder / "preprocessor_config.json").write_text(json.dumps({
        "image_processor_type": "ChineseCLIPImageProcessor", "do_resize": True,
        "size": {"height": pixels, "width": pixels}, "resample": 3, "do_center_crop": False,
        "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": MEAN, "image_std": DEVIATION, "do_convert_rgb": True}))


def write_pairs(count, pixels, path):
    """Emoji and their names, all names in one file, pictures resized here once and for all."""
    tokenizer = tokenizers.BertWordPieceTokenizer(str(DATA / "bert-chinese/vocab.txt"))
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


def is_image(key):
    return key.startswith(("vision_model.", "visual_projection."))


def train(model, pixels, ids, pairs, locks_image):
    """Ten losses and the first gradients."""
    for key, parameter in model.named_parameters():
        parameter.requires_grad_(not (locks_image and is_image(key)))
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in trained if p.ndim > 1], "weight_decay": DECAY},
         {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0}],
        lr=RATE, betas=BETAS, eps=EPSILON, fused=True)
    losses, gradients = [], {}
    for step in range(STEPS):
        rows = slice(step * pairs, (step + 1) * pairs)
        optimizer.zero_grad()
        loss = model(input_ids=ids[rows], attention_mask=(ids[rows] != 0).long(),
                     pixel_values=pixels[rows], return_loss=True).loss
        loss.backward()
        if step == 0:
            gradients = {key: p.grad.clone() for key, p in model.named_parameters()
                         if p.requires_grad}
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        losses.append(loss.item())
        print(f"  step {step + 1}: {losses[-1]:.6f}", flush=True)
    return losses, gradients


def write(folder, size, pairs, seed):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = model_of(size).train()
    fill(model)
    write_model(model, size, folder / "model")
    pixels, ids = write_pairs(STEPS * pairs, SIZES[size][0][4], folder / "pairs.tar")
    found = {"image_embeddings": [], "text_embeddings": []}
    with torch.no_grad():
        for rows in torch.arange(len(ids)).split(pairs):
            output = model(input_ids=ids[rows], attention_mask=(ids[rows] != 0).long(),
                           pixel_values=pixels[rows])
            found["image_embeddings"].append(output.image_embeds)
            found["text_embeddings"].append(output.text_embeds)
    reference = {name: torch.cat(parts) for name, parts in found.items()}
    reference |= {"pixels": pixels, "ids": ids}
    for mode, rules in RULES.items():
        print(f"{size}, {mode}:", flush=True)
        model = transformers.ChineseCLIPModel.from_pretrained(folder / "model").train()
        losses, gradients = train(model, pixels, ids, pairs, mode == "locked")
        reference[f"{mode}/losses"] = torch.tensor(losses, dtype=torch.float64)
        reference |= {f"{mode}/gradients/{key}": value for key, value in gradients.items()}
        (folder / f"{mode}.yaml").write_text(RECIPE.format(
            run=mode, rules=rules, pairs=pairs, rate=RATE, decay=DECAY, steps=STEPS))
    safetensors.torch.save_file(reference, folder / "reference.safetensors")


def first_gradients(checkpoint):
    """Our gradients by path, out of the optimizer's first moments after one step."""
    found = {}

    def add(path, item):
        if isinstance(item, h5py.Dataset):
            found[path] = torch.from_numpy(item[()]).double().reshape(-1) / (1 - BETAS[0])

    with h5py.File(checkpoint) as file:
        file["optimizer/first_moment"].visititems(add)
    return found


def finite(number):
    """The number, or infinity for one that is none, so that the largest is the worst."""
    return number.item() if number.isfinite() else math.inf


def largest_error(found, expected):
    return finite((found - expected).abs().max()) if found.shape == expected.shape else math.inf


def gradient_rows(mode, found, expected):
    """The worst difference as a share of its tensor's norm. A key's bias shifts all scores of a
    query alike, so its gradient is zero: there, what is left is a share of the whole gradient."""
    expected = {our_path(key): value.double().reshape(-1) for key, value in expected.items()}
    if set(found) != set(expected):
        different = sorted(set(found) ^ set(expected))
        return [(f"{mode}: gradients", math.inf, BOUNDS["gradients"], f"not both: {different[:3]}")]
    whole = torch.cat(list(expected.values())).norm().item()
    worst, zeros = (-1.0, ""), (-1.0, "")
    for path, value in expected.items():
        if path.endswith("attention/key/bias"):
            zeros = max(zeros, (finite(found[path].norm() / whole), path))
        else:
            worst = max(worst, (finite((found[path] - value).norm() / value.norm()), path))
    return [(f"{mode}: {len(expected)} gradients", worst[0], BOUNDS["gradients"], worst[1]),
            (f"{mode}: biases of keys", zeros[0], BOUNDS["zeros"], zeros[1])]


def export_rows(folder, size, reference):
    """The first batch through what was exported."""
    count = 8
    pixels, ids = reference["pixels"][:count], reference["ids"][:count]
    reference = {name: value[:count] for name, value in reference.items() if "embeddings" in name}
    paths = list((folder / "chinese-clip").glob("clip_cn_*.pt"))
    name = paths[0].stem.removeprefix("clip_cn_")
    return [
        *parity_exports.huggingface_rows(folder / "huggingface", pixels, ids, reference),
        *parity_exports.original_rows(paths[0], size, SIZES[size], pixels, ids, reference),
        *parity_exports.onnx_rows(folder / "chinese-clip" / name, CONTEXT, pixels, ids, reference),
    ]


def compare(folder, size):
    reference = safetensors.torch.load_file(folder / "reference.safetensors")
    rows = []
    for name in ("image_embeddings", "text_embeddings"):
        found = torch.from_numpy(numpy.load(folder / f"embeddings/{name}.npy"))
        error = largest_error(found, reference[name])
        rows.append((name, error, BOUNDS["embeddings"], ""))
    for mode in RULES:
        lines = (folder / f"logs/{mode}/metrics.jsonl").read_text().splitlines()
        losses = [row["loss"] for row in map(json.loads, lines) if row["kind"] == "step"]
        # A loss that is no number is null in the log.
        found = torch.tensor(
            [math.nan if loss is None else loss for loss in losses], dtype=torch.float64)
        error = largest_error(found, reference[f"{mode}/losses"])
        rows.append((f"{mode}: {STEPS} losses", error, BOUNDS["losses"], ""))
        prefix = f"{mode}/gradients/"
        gradients = {key.removeprefix(prefix): value for key, value in reference.items()
                     if key.startswith(prefix)}
        found = first_gradients(folder / f"checkpoints/{mode}_once/last.h5")
        rows += gradient_rows(mode, found, gradients)
    rows += export_rows(folder, size, reference)
    for name, error, bound, place in rows:
        verdict = "ok" if error <= bound else "FAILED"
        print(f"{size:14} {name:30} {error:10.2e}  allowed {bound:.0e}  {verdict}  {place}"
              .rstrip())
    return 0 if all(error <= bound for _, error, bound, _ in rows) else 1


def run(folder, size, pairs, seed, program):
    """All of it; what took how long goes to standard error."""
    def timed(name, work, *arguments):
        start = time.monotonic()
        result = work(*arguments)
        print(f"{size}: {name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        return result

    def duiqi(*arguments):
        subprocess.run([program, *map(str, arguments), "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)

    # What an earlier run left would be gone on with.
    shutil.rmtree(folder, ignore_errors=True)
    timed("write", write, folder, size, pairs, seed)
    model = folder / "model.h5"
    timed("import", duiqi, "import", folder / "model", "--output", model)
    timed("embed", duiqi, "embed", model, "--shards", folder / "pairs.tar", "--captions", "txt",
          "--output", folder / "embeddings")
    for mode in RULES:
        recipe = folder / f"{mode}.yaml"
        timed(f"train, {mode}", duiqi, "train", recipe, "--root", folder)
        duiqi("train", recipe, "--root", folder, "--set", f"run={mode}_once",
              "--set", "length=1 steps")
    for profile in ("huggingface", "chinese-clip"):
        timed(f"export, {profile}", duiqi, "export", model, "--profile", profile, "--output",
              folder / profile)
    return timed("compare", compare, folder, size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("write", "a model, pairs, recipes, and the reference"),
                       ("compare", "what duiqi left in the folder"),
                       ("run", "write, have duiqi do its part, compare")):
        command = commands.add_parser(name, help=text)
        command.add_argument("folder", type=pathlib.Path)
        command.add_argument("--size", choices=SIZES, default="vit-b-16")
        if name != "compare":
            command.add_argument("--pairs", type=int, default=8, help="of a batch")
            command.add_argument("--seed", type=int, default=1)
        if name == "run":
            command.add_argument("--duiqi", default=".build/release/duiqi", help="the executable")
    options = parser.parse_args()
    if options.command == "compare":
        return compare(options.folder, options.size)
    if options.command == "run":
        return run(options.folder, options.size, options.pairs, options.seed, options.duiqi)
    write(options.folder, options.size, options.pairs, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
