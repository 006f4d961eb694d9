#!/usr/bin/env python3
"""Writes residual.json and residual.bin beside itself: a tiny model with a residual image tower.

    make peers-environment
    .venv-peers/bin/python Tests/Fixtures/parity/make_residual_fixture.py

The image tower is the residual network of CLIP and Chinese-CLIP, written here in plain PyTorch from
its description (arXiv:1512.03385; arXiv:2103.00020, section 2.4), under the names of their
checkpoints, `visual.…`. The text tower is the library's, as in make_parity_fixtures.py, whose
format, inputs, rates and optimizer this keeps. Besides what is listed there it holds

    weights/KEY                    running statistics too, all as Float32
    image_embeddings               with running statistics
    statistics/KEY                 running statistics after STEPS steps of `losses`
    chunked_gradients/KEY          of the first step where pictures are encoded CHUNK at a time, each
    chunked_statistics/KEY         chunk by its own statistics; and after STEPS such steps
    positions, positions_COUNT     a grid of positions, and what PyTorch's bicubic interpolation with
                                   aligned corners makes of it; COUNT rows, the class token's first

and in the JSON `chunked_losses`. In a locked run the image tower is in evaluation mode.
"""

import math
import pathlib
import sys

import torch
import transformers
from torch import nn
from torch.nn import functional

from make_parity_fixtures import (
    ADAMW, BATCHES, DECAY, STEPS, VERSIONS, Writer, batch, descend, inputs_of, rate)

CHUNK = 2
# The second layer has a block without shortcut convolution; two pixels a side in the last maps.
CASE = {
    "pairs": 6, "seed": 3, "embedding": 12,
    "image": {"size": 64, "layers": [1, 2, 1, 1], "width": 4, "heads": 4},
    "text": {"vocabulary": 48, "width": 32, "depth": 1, "heads": 4, "mlp": 64, "positions": 12,
             "types": 2}}


class Bottleneck(nn.Module):
    def __init__(self, inputs, inner, stride, is_first):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, 4 * inner, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * inner)
        self.stride = stride
        self.downsample = None
        if is_first:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * inner, 1, bias=False), nn.BatchNorm2d(4 * inner))

    def forward(self, x):
        branch = functional.relu(self.bn1(self.conv1(x)))
        branch = functional.relu(self.bn2(self.conv2(branch)))
        branch = self.bn3(self.conv3(functional.avg_pool2d(branch, self.stride)))
        if self.downsample is not None:
            x = self.downsample(functional.avg_pool2d(x, self.stride))
        return functional.relu(branch + x)


class AttentionPool(nn.Module):
    def __init__(self, side, width, heads, outputs):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.empty(side * side + 1, width))
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, outputs)
        self.heads = heads

    def forward(self, maps):
        pixels = maps.flatten(2).transpose(1, 2)
        tokens = torch.cat([pixels.mean(1, keepdim=True), pixels], 1) + self.positional_embedding
        count, length, width = tokens.shape

        def by_head(rows):
            return rows.view(count, -1, self.heads, width // self.heads).transpose(1, 2)

        query = by_head(self.q_proj(tokens[:, :1]))
        key, value = by_head(self.k_proj(tokens)), by_head(self.v_proj(tokens))
        scores = query @ key.transpose(2, 3) / math.sqrt(width // self.heads)
        return self.c_proj((scores.softmax(-1) @ value).transpose(1, 2).reshape(count, width))


class ResidualTower(nn.Module):
    def __init__(self, image, embedding):
        super().__init__()
        width = image["width"]
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        inputs = width
        for layer, depth in enumerate(image["layers"]):
            inner, blocks = width * 2 ** layer, []
            for block in range(depth):
                stride = 2 if layer > 0 and block == 0 else 1
                blocks.append(Bottleneck(inputs, inner, stride, block == 0))
                inputs = 4 * inner
            setattr(self, f"layer{layer + 1}", nn.Sequential(*blocks))
        self.attnpool = AttentionPool(image["size"] // 32, inputs, image["heads"], embedding)

    def forward(self, x):
        for convolution, norm in [
                (self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)]:
            x = functional.relu(norm(convolution(x)))
        x = functional.avg_pool2d(x, 2)
        return self.attnpool(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


class ResidualCLIP(nn.Module):
    def __init__(self, case):
        super().__init__()
        text = case["text"]
        self.visual = ResidualTower(case["image"], case["embedding"])
        self.text_model = transformers.ChineseCLIPTextModel(transformers.ChineseCLIPTextConfig(
            vocab_size=text["vocabulary"], hidden_size=text["width"],
            num_hidden_layers=text["depth"], num_attention_heads=text["heads"],
            intermediate_size=text["mlp"], max_position_embeddings=text["positions"],
            type_vocab_size=text["types"], hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, attn_implementation="sdpa"),
            add_pooling_layer=False)
        self.text_projection = nn.Linear(text["width"], case["embedding"], bias=False)
        self.logit_scale = nn.Parameter(torch.empty(()))

    def embeddings(self, inputs, chunk=None):
        pixels = inputs["pixel_values"]
        chunks = pixels.split(chunk or len(pixels))
        image = torch.cat([self.visual(part) for part in chunks])
        hidden = self.text_model(inputs["input_ids"], attention_mask=inputs["attention_mask"])
        text = self.text_projection(hidden.last_hidden_state[:, 0])
        return functional.normalize(image, dim=1), functional.normalize(text, dim=1)

    def loss(self, inputs, chunk=None):
        image, text = self.embeddings(inputs, chunk)
        logits = self.logit_scale.exp() * image @ text.T
        own = torch.arange(len(logits))
        return (functional.cross_entropy(logits, own)
                + functional.cross_entropy(logits.T, own)) / 2


def fill(model, generator):
    """Weights far from their start, so that nothing is hidden by a zero or a one."""
    def normal(tensor, deviation):
        drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        return (deviation * drawn).float().double()

    norms = {name for name, module in model.named_modules()
             if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm))}
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                value.fill_(5)
            elif name.endswith("running_var"):
                value.copy_((1 + normal(value, 0.15)).abs().float())
            elif name.endswith("running_mean"):
                value.copy_(normal(value, 0.15))
            elif name == "logit_scale":
                value.fill_(float(torch.tensor(math.log(1 / 0.07)).float()))
            elif name.rpartition(".")[0] in norms:
                value.copy_(((1.0 if name.endswith("weight") else 0.0) + normal(value, 0.15)).float())
            elif value.ndim == 1:
                value.copy_(normal(value, 0.1))
            else:
                fan_in = value[0].numel() if "embedding" not in name else 4
                value.copy_(normal(value, fan_in ** -0.5))


def model_with(weights):
    model = ResidualCLIP(CASE).double()
    model.load_state_dict(weights)
    return model.train()


def train(inputs, weights, locked=False, chunk=None):
    """The losses of STEPS steps, the gradients of the first, and the model afterwards."""
    model = model_with(weights)
    if locked:
        model.visual.eval().requires_grad_(False)
    losses, gradients = descend(
        model, lambda index: model.loss(batch(CASE, inputs, index), chunk))
    return losses, gradients, model


def statistics(model):
    return {name: value.double() for name, value in model.named_buffers()
            if name.startswith("visual.")}


def resized(positions, side):
    grid = math.isqrt(len(positions) - 1)
    picture = positions[1:].T.reshape(1, -1, grid, grid)
    picture = functional.interpolate(
        picture, size=(side, side), mode="bicubic", align_corners=True)
    return torch.cat([positions[:1], picture.reshape(-1, side * side).T])


def main():
    found = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    wanted = {name: VERSIONS[name] for name in found}
    assert found == wanted, f"made with {wanted}, this is {found}"
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(CASE["seed"])
    model = ResidualCLIP(CASE).double()
    fill(model, generator)
    weights = {key: value.clone() for key, value in model.state_dict().items()
               if not key.endswith("position_ids")}
    inputs = inputs_of(CASE, generator)
    losses, gradients, after = train(inputs, weights)
    chunked_losses, chunked_gradients, chunked_after = train(inputs, weights, chunk=CHUNK)
    locked_losses, locked_gradients, locked_after = train(inputs, weights, locked=True)
    for key, value in statistics(locked_after).items():
        assert torch.equal(value, weights[key].double()), key
    with torch.no_grad():
        model = model_with(weights).eval()
        rows = [model.embeddings(batch(CASE, inputs, index)) for index in range(BATCHES)]
    positions = torch.randn(17, 8, generator=generator)

    writer = Writer()
    for key, value in weights.items():
        writer.add(f"weights/{key}", value.double())
    for prefix, values in [
            ("gradients", gradients), ("chunked_gradients", chunked_gradients),
            ("locked_gradients", locked_gradients), ("statistics", statistics(after)),
            ("chunked_statistics", statistics(chunked_after))]:
        for key, value in values.items():
            writer.add(f"{prefix}/{key}", value)
    writer.add("pixels", inputs[0])
    writer.add("ids", torch.cat(inputs[1]))
    writer.add("lengths", torch.tensor([len(ids) for ids in inputs[1]]))
    writer.add("image_embeddings", torch.cat([image for image, _ in rows]))
    writer.add("text_embeddings", torch.cat([text for _, text in rows]))
    writer.add("positions", positions)
    for side in (2, 3, 7):
        writer.add(f"positions_{side * side + 1}", resized(positions.double(), side))
    writer.write(pathlib.Path(__file__).with_name("residual"), {
        "reference": f"torch {VERSIONS['torch']}, transformers {VERSIONS['transformers']} for the "
                     "text tower, float64",
        "model": {"image": CASE["image"], "text": CASE["text"], "embedding": CASE["embedding"]},
        "pairs": CASE["pairs"], "batches": BATCHES,
        "optimizer": {"betas": ADAMW["betas"], "epsilon": ADAMW["eps"], "decay": DECAY,
                      "rates": [rate(step) for step in range(STEPS)]},
        "losses": losses, "locked_losses": locked_losses, "chunked_losses": chunked_losses})
    print(f"{writer.offset * 4} bytes, losses {losses[0]:.4f} to {losses[-1]:.4f}, chunked "
          f"{chunked_losses[0]:.4f} to {chunked_losses[-1]:.4f}, locked {locked_losses[0]:.4f} to "
          f"{locked_losses[-1]:.4f}", file=sys.stderr)


main()
