"""Writes the weight files that WeightFilesTests read, and expected.json with what is in them.

Run with Python 3.11, torch 2.15.0, numpy 2.4.6 and safetensors 0.8.0:

    python Tests/Fixtures/weights/make_weights.py

The files come from the programs that write such files elsewhere: torch.save in its three forms,
torch.jit.save and safetensors. Hostile files are made by the tests themselves.
"""

import collections
import json
import pathlib

import safetensors.torch
import torch

HERE = pathlib.Path(__file__).parent
EXPECTED = {}


def expect(name, tensors):
    """Notes each tensor's type, shape and numbers as Float32, None for what is not finite."""
    EXPECTED[name] = {
        key: {
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
            "values": [
                number if number == number and abs(number) != float("inf") else None
                for number in value.detach().to(torch.float32).flatten().tolist()
            ],
        }
        for key, value in tensors.items()
    }


def numbers(*shape, dtype=torch.float32):
    count = 1
    for size in shape:
        count *= size
    return (torch.arange(count, dtype=torch.float32) * 0.37 - 1.5).reshape(shape).to(dtype)


def every_type():
    tensors = collections.OrderedDict()
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        tensors["type." + str(dtype).removeprefix("torch.")] = numbers(2, 3, dtype=dtype)
    for dtype in (torch.int8, torch.int16, torch.int32, torch.int64):
        name = "type." + str(dtype).removeprefix("torch.")
        tensors[name] = torch.tensor([-3, 0, 100], dtype=dtype)
    tensors["type.uint8"] = torch.tensor([0, 7, 255], dtype=torch.uint8)
    tensors["type.bool"] = torch.tensor([True, False])
    tensors["logit_scale"] = torch.tensor(2.6592)
    tensors["empty"] = torch.zeros(0, 4)
    return tensors


def strided():
    """Views that share storages, and such as are not contiguous."""
    matrix = numbers(4, 5)
    cube = numbers(2, 3, 4)
    return collections.OrderedDict(
        whole=matrix,
        transposed=matrix.t(),
        rows=matrix[1:3],
        columns=matrix[:, 1:4:2],
        permuted=cube.permute(2, 0, 1),
        repeated=torch.tensor([1.0, 2.0]).expand(3, 2),
        tied=cube,
    )


def save(name, thing, expected, **options):
    torch.save(thing, HERE / name, **options)
    expect(name, expected)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = torch.nn.Parameter(numbers(2, 2))
        self.ln = torch.nn.LayerNorm(2)

    def forward(self, x):
        return self.ln(x @ self.proj)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Block()
        self.blocks = torch.nn.ModuleList([Block(), Block()])
        self.logit_scale = torch.nn.Parameter(torch.tensor(4.6))
        self.register_buffer("input_resolution", torch.tensor(224))
        self.sizes = [1, 2]
        self.rates = {"a": 0.5}

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.visual(x) * self.logit_scale


def main():
    torch.manual_seed(1)
    types = every_type()
    save("types.pt", types, types)
    for protocol in (1, 3, 4, 5):
        save(f"types_protocol{protocol}.pt", types, types, pickle_protocol=protocol)
    extended = dict(types, **{"type.uint16": torch.tensor([1, 65535], dtype=torch.uint16)})
    save("rebuilt_v3.pt", extended, extended)
    save("types_legacy.pt", types, types, _use_new_zipfile_serialization=False)
    views = strided()
    save("strided.pt", views, views)
    save("strided_legacy.pt", views, views, _use_new_zipfile_serialization=False)
    one = {"only": numbers(3)}
    save("one.pt", one, one)
    save("one_legacy.pt", one, one, _use_new_zipfile_serialization=False)

    model = Model()
    save("parameters.bin", dict(model.named_parameters()), dict(model.named_parameters()))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(numbers(3, 2)).sum().backward()
    optimizer.step()
    state = collections.OrderedDict(("module." + k, v) for k, v in model.state_dict().items())
    checkpoint = {
        "epoch": 7,
        "step": 40000,
        "name": "muge_finetune",
        "state_dict": state,
        "optimizer": optimizer.state_dict(),
    }
    save("checkpoint.pt", checkpoint, state)
    import numpy

    checkpoint["best"] = numpy.float64(0.75)
    checkpoint["random"] = numpy.arange(3)
    save("checkpoint_numpy.pt", checkpoint, state)
    half = Model().half()
    torch.jit.save(torch.jit.script(half), HERE / "script.pt")
    expect("script.pt", half.state_dict())
    infinity = float("inf")
    odd = {"odd": torch.tensor([1.0, float("nan"), infinity, -infinity]), "fine": numbers(2)}
    save("not_finite.pt", odd, odd)

    plain = {k: v for k, v in types.items() if k != "empty"}
    safetensors.torch.save_file(types, HERE / "types.safetensors", metadata={"format": "pt"})
    expect("types.safetensors", types)
    sharded = HERE / "sharded"
    sharded.mkdir(exist_ok=True)
    parts = [dict(list(plain.items())[:5]), dict(list(plain.items())[5:])]
    weight_map = {}
    for index, part in enumerate(parts):
        name = f"model-{index + 1:05}-of-00002.safetensors"
        safetensors.torch.save_file(part, sharded / name, metadata={"format": "pt"})
        weight_map |= {key: name for key in part}
    (sharded / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 0}, "weight_map": weight_map}, indent=1) + "\n"
    )
    expect("sharded", plain)
    (HERE / "expected.json").write_text(json.dumps(EXPECTED, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
