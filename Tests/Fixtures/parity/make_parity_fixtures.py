#!/usr/bin/env python3
"""Writes the parity fixtures beside itself: tiny ChineseCLIPModels and what they do.

    make peers-environment
    .venv-peers/bin/python Tests/Fixtures/parity/make_parity_fixtures.py

Made with the versions of Tests/Peers/requirements.txt (checked below). Each case is NAME.json,
which describes the model and lists tensors, and NAME.bin, the tensors end to end: little-endian
Float32 or Int32, four bytes an element, row-major, at the listed offset in elements.

Weights and inputs are rounded to Float32 first; everything else is computed in Float64 by the
library's own classes and optimizer, so that the whole difference to these files is ours. (With
"sdpa", that is: its "eager" attention takes the softmax in Float32 whatever the model's type.)
Captions are padded with id 0 here and masked; ours are packed.

A case holds:
    weights/KEY           before training, under the library's names
    gradients/KEY         of the first step, nothing locked; a locked run has the same for its own
    pixels, ids, lengths  BATCHES batches of `pairs` pairs; ids of the captions end to end
    image_embeddings, text_embeddings   unit rows of all pairs before training
and in the JSON the losses before each of STEPS AdamW steps, step s on batch s modulo BATCHES, with
both towers trained (`losses`) and with the image tower and its projection locked (`locked_losses`).
"""

import json
import math
import pathlib
import sys

import numpy
import torch
import transformers

VERSIONS = {"torch": "2.15.0", "transformers": "5.23.0", "numpy": "2.4.6"}
STEPS = 10
BATCHES = 3
ADAMW = {"betas": (0.9, 0.98), "eps": 1e-6}
DECAY = 0.05
BASE_RATE = 2e-3
WARMUP = 3

# Two blocks of widths 24 to 40; three or five heads; patches that leave a rim of unused pixels.
CASES = {
    "even": {
        "pairs": 6, "seed": 1, "embedding": 16,
        "image": {"size": 16, "patch": 4, "width": 32, "depth": 2, "heads": 2},
        "text": {"vocabulary": 48, "width": 32, "depth": 2, "heads": 4, "mlp": 64,
                 "positions": 12, "types": 2}},
    "odd": {
        "pairs": 5, "seed": 2, "embedding": 11,
        "image": {"size": 18, "patch": 5, "width": 24, "depth": 2, "heads": 3},
        "text": {"vocabulary": 41, "width": 40, "depth": 2, "heads": 5, "mlp": 56,
                 "positions": 13, "types": 3}},
}


def model_of(case):
    image, text = case["image"], case["text"]
    configuration = transformers.ChineseCLIPConfig(
        text_config={
            "vocab_size": text["vocabulary"], "hidden_size": text["width"],
            "num_hidden_layers": text["depth"], "num_attention_heads": text["heads"],
            "intermediate_size": text["mlp"], "max_position_embeddings": text["positions"],
            "type_vocab_size": text["types"], "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0},
        vision_config={
            "hidden_size": image["width"], "intermediate_size": 4 * image["width"],
            "num_hidden_layers": image["depth"], "num_attention_heads": image["heads"],
            "image_size": image["size"], "patch_size": image["patch"]},
        projection_dim=case["embedding"], attn_implementation="sdpa")
    return transformers.ChineseCLIPModel(configuration).double().train()


def fill(model, generator):
    """Weights far from their start, so that nothing is hidden by a zero or a one."""
    def normal(tensor, deviation):
        drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        return (deviation * drawn).float().double()

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name == "logit_scale":
                parameter.fill_(float(numpy.float32(math.log(1 / 0.07))))
            elif "norm" in name.lower() or "layrnorm" in name:
                shift = 1.0 if name.endswith("weight") else 0.0
                parameter.copy_((shift + normal(parameter, 0.15)).float())
            elif parameter.ndim == 1:
                parameter.copy_(normal(parameter, 0.1))
            else:
                fan_in = parameter[0].numel() if "embedding" not in name else 4
                parameter.copy_(normal(parameter, fan_in ** -0.5))


def inputs_of(case, generator):
    count = BATCHES * case["pairs"]
    size = case["image"]["size"]
    pixels = torch.randn(count, 3, size, size, generator=generator)
    longest = case["text"]["positions"]
    lengths = torch.randint(2, longest + 1, (count,), generator=generator)
    lengths[0], lengths[1] = longest, 2
    captions = [torch.randint(1, case["text"]["vocabulary"], (int(length),), generator=generator)
                for length in lengths]
    return pixels, captions


def batch(case, inputs, index):
    """The pictures, the padded ids and the mask of one batch."""
    pixels, captions = inputs
    rows = slice(index * case["pairs"], (index + 1) * case["pairs"])
    ids = torch.nn.utils.rnn.pad_sequence(captions[rows], batch_first=True, padding_value=0)
    return {"pixel_values": pixels[rows].double(), "input_ids": ids,
            "attention_mask": (ids != 0).long()}


def rate(step):
    if step < WARMUP:
        return BASE_RATE * (step + 1) / WARMUP
    return 0.5 * BASE_RATE * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP)))


def descend(model, loss_of):
    """The losses of STEPS AdamW steps, and the gradients of the first."""
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in trained if p.ndim > 1], "weight_decay": DECAY},
         {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0}], lr=0.0, **ADAMW)
    losses, gradients = [], None
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad()
        loss = loss_of(step % BATCHES)
        loss.backward()
        if gradients is None:
            gradients = {name: p.grad.clone() for name, p in model.named_parameters()
                         if p.requires_grad}
        optimizer.step()
        losses.append(loss.item())
    return losses, gradients


def train(case, inputs, weights, locked):
    model = model_of(case)
    model.load_state_dict(weights)
    for name, parameter in model.named_parameters():
        if locked and name.startswith("vision_model.") or locked and name.startswith("visual_"):
            parameter.requires_grad_(False)
    return descend(
        model, lambda index: model(**batch(case, inputs, index), return_loss=True).loss)


def embeddings(case, inputs, weights):
    model = model_of(case)
    model.load_state_dict(weights)
    image, text = [], []
    with torch.no_grad():
        for index in range(BATCHES):
            output = model(**batch(case, inputs, index))
            image.append(output.image_embeds)
            text.append(output.text_embeds)
    return torch.cat(image), torch.cat(text)


class Writer:
    def __init__(self):
        self.tensors, self.parts, self.offset = [], [], 0

    def add(self, name, tensor):
        kind = "int32" if not tensor.is_floating_point() else "float32"
        values = tensor.detach().numpy().astype("<i4" if kind == "int32" else "<f4")
        self.tensors.append({"name": name, "type": kind, "sizes": list(values.shape),
                             "offset": self.offset})
        self.parts.append(values.tobytes())
        self.offset += values.size

    def write(self, path, head):
        lines = ",\n".join(json.dumps(tensor) for tensor in self.tensors)
        text = json.dumps(head, indent=1)[:-2] + ',\n "tensors": [\n' + lines + "\n]}\n"
        path.with_suffix(".json").write_text(text, encoding="ascii")
        path.with_suffix(".bin").write_bytes(b"".join(self.parts))


def main():
    found = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__,
             "numpy": numpy.__version__}
    assert found == VERSIONS, f"made with {VERSIONS}, this is {found}"
    torch.set_num_threads(1)
    for name, case in CASES.items():
        generator = torch.Generator().manual_seed(case["seed"])
        model = model_of(case)
        fill(model, generator)
        weights = {key: value.clone() for key, value in model.state_dict().items()}
        inputs = inputs_of(case, generator)
        losses, gradients = train(case, inputs, weights, locked=False)
        locked_losses, locked_gradients = train(case, inputs, weights, locked=True)
        for key, gradient in locked_gradients.items():
            assert torch.allclose(gradient, gradients[key], rtol=1e-9, atol=1e-12), key
        image, text = embeddings(case, inputs, weights)
        writer = Writer()
        for key, _ in model.named_parameters():
            writer.add(f"weights/{key}", weights[key])
        for key, _ in model.named_parameters():
            writer.add(f"gradients/{key}", gradients[key])
        writer.add("pixels", inputs[0])
        writer.add("ids", torch.cat(inputs[1]))
        writer.add("lengths", torch.tensor([len(ids) for ids in inputs[1]]))
        writer.add("image_embeddings", image)
        writer.add("text_embeddings", text)
        writer.write(pathlib.Path(__file__).with_name(name), {
            "reference": f"transformers {VERSIONS['transformers']} ChineseCLIPModel, "
                         f"torch {VERSIONS['torch']}, float64",
            "model": {"image": case["image"], "text": case["text"],
                      "embedding": case["embedding"]},
            "pairs": case["pairs"], "batches": BATCHES,
            "optimizer": {"betas": ADAMW["betas"], "epsilon": ADAMW["eps"], "decay": DECAY,
                          "rates": [rate(step) for step in range(STEPS)]},
            "losses": losses, "locked_losses": locked_losses})
        print(f"{name}: {writer.offset * 4} bytes, losses {losses[0]:.4f} to {losses[-1]:.4f}, "
              f"locked to {locked_losses[-1]:.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()
