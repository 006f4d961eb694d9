#!/usr/bin/env python3
"""Parity at real size: full-size ChineseCLIPModels with random weights, theirs against ours.

    make peers-environment
    python=.venv-peers/bin/python
    $python Tests/Peers/parity.py write FOLDER --size vit-b-16 [--pairs 8]
    duiqi import FOLDER/model --output FOLDER/model.h5
    duiqi embed FOLDER/model.h5 --shards FOLDER/pairs.tar --captions txt --output FOLDER/embeddings
    duiqi train FOLDER/trained.yaml --root FOLDER
    duiqi train FOLDER/locked.yaml --root FOLDER
    duiqi train FOLDER/trained.yaml --root FOLDER --set run=trained_once --set "length=1 steps"
    duiqi train FOLDER/locked.yaml --root FOLDER --set run=locked_once --set "length=1 steps"
    $python Tests/Peers/parity.py compare FOLDER

`write` leaves in FOLDER what these commands need (a Hugging Face folder, a shard of pictures that
already have the model's size, two recipes) and `reference.safetensors`: unit embeddings, the losses
of ten AdamW steps and the first step's gradients, by transformers and PyTorch in Float32 with
captions padded to 52 tokens. `compare` prints a row for each quantity with its largest error and
ends with exit code 1 if one is out of bounds.

Our gradients are read from the checkpoint of the run of one step: the optimizer's first moment is
then (1 - beta) times the gradient. Weights are drawn, so nothing here says how good a model is.
"""

import argparse
import io
import json
import math
import pathlib
import re
import sys
import tarfile

import h5py
import numpy
import PIL.Image
import safetensors.torch
import tokenizers
import torch
import transformers

DATA = pathlib.Path(__file__).resolve().parents[2] / "recipes/data"
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
CONTEXT = 52
STEPS = 10
BETAS, EPSILON, DECAY, RATE = (0.9, 0.98), 1e-6, 0.05, 1e-4

# Chinese-CLIP's model_configs, as vision (width, depth, head width, patch, pixels), text (width,
# depth), embedding width; "tiny" is there to try this script.
SIZES = {
    "tiny": ((64, 2, 16, 8, 24), (64, 2), 32),
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
    for mode, rules in RULES.items():
        print(f"{size}, {mode}:", flush=True)
        model = transformers.ChineseCLIPModel.from_pretrained(folder / "model").train()
        losses, gradients = train(model, pixels, ids, pairs, mode == "locked")
        reference[f"{mode}/losses"] = torch.tensor(losses, dtype=torch.float64)
        reference |= {f"{mode}/gradients/{key}": value for key, value in gradients.items()}
        (folder / f"{mode}.yaml").write_text(RECIPE.format(
            run=mode, rules=rules, pairs=pairs, rate=RATE, decay=DECAY, steps=STEPS))
    safetensors.torch.save_file(reference, folder / "reference.safetensors")


# Our paths out of the library's names.
PATHS = [
    (r"vision_model\.embeddings\.patch_embedding\.weight", "image/patch_embedding/weight"),
    (r"vision_model\.embeddings\.class_embedding", "image/class_embedding"),
    (r"vision_model\.embeddings\.position_embedding\.weight", "image/positions"),
    (r"vision_model\.pre_layrnorm\.(\w+)", r"image/pre_norm/\1"),
    (r"vision_model\.post_layernorm\.(\w+)", r"image/post_norm/\1"),
    (r"vision_model\.encoder\.layers\.(\d+)\.self_attn\.(query|key|value|output)\.(\w+)",
     r"image/blocks/\1/attention/\2/\3"),
    (r"vision_model\.encoder\.layers\.(\d+)\.layer_norm1\.(\w+)",
     r"image/blocks/\1/attention_norm/\2"),
    (r"vision_model\.encoder\.layers\.(\d+)\.layer_norm2\.(\w+)", r"image/blocks/\1/mlp_norm/\2"),
    (r"vision_model\.encoder\.layers\.(\d+)\.mlp\.fc1\.(\w+)", r"image/blocks/\1/mlp/hidden/\2"),
    (r"vision_model\.encoder\.layers\.(\d+)\.mlp\.fc2\.(\w+)", r"image/blocks/\1/mlp/output/\2"),
    (r"visual_projection\.weight", "image/projection/weight"),
    (r"text_model\.embeddings\.word_embeddings\.weight", "text/embeddings/words"),
    (r"text_model\.embeddings\.position_embeddings\.weight", "text/embeddings/positions"),
    (r"text_model\.embeddings\.token_type_embeddings\.weight", "text/embeddings/token_types"),
    (r"text_model\.embeddings\.LayerNorm\.(\w+)", r"text/embeddings/norm/\1"),
    (r"text_model\.encoder\.layer\.(\d+)\.attention\.self\.(query|key|value)\.(\w+)",
     r"text/blocks/\1/attention/\2/\3"),
    (r"text_model\.encoder\.layer\.(\d+)\.attention\.output\.dense\.(\w+)",
     r"text/blocks/\1/attention/output/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.(\w+)",
     r"text/blocks/\1/attention_norm/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.intermediate\.dense\.(\w+)",
     r"text/blocks/\1/mlp/hidden/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.output\.dense\.(\w+)", r"text/blocks/\1/mlp/output/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.output\.LayerNorm\.(\w+)", r"text/blocks/\1/mlp_norm/\2"),
    (r"text_projection\.weight", "text/projection/weight"),
    (r"logit_scale", "logit_scale"),
]


def our_path(key):
    for letter, word in (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"),
                         ("out_proj", "output")):
        key = key.replace(f"self_attn.{letter}", f"self_attn.{word}")
    for pattern, path in PATHS:
        match = re.fullmatch(pattern, key)
        if match:
            return match.expand(path)
    raise KeyError(f"{key} is none of the model's parameters")


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


def compare(folder):
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
    for name, error, bound, place in rows:
        verdict = "ok" if error <= bound else "FAILED"
        print(f"{name:28} {error:10.2e}  allowed {bound:.0e}  {verdict}  {place}".rstrip())
    return 0 if all(error <= bound for _, error, bound, _ in rows) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write", help="a model, pairs, recipes, and the reference")
    writing.add_argument("folder", type=pathlib.Path)
    writing.add_argument("--size", choices=SIZES, default="vit-b-16")
    writing.add_argument("--pairs", type=int, default=8, help="of a batch")
    writing.add_argument("--seed", type=int, default=1)
    comparing = commands.add_parser("compare", help="what duiqi left in the folder")
    comparing.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    if options.command == "compare":
        return compare(options.folder)
    write(options.folder, options.size, options.pairs, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
