"""Reads a checkpoint and compares its digests: read_checkpoint.py FILE.h5"""

import hashlib
import struct
import sys

import h5py


def digest(records):
    sha256 = hashlib.sha256()
    for name, sizes, value in records:
        counts = struct.pack(f"<{len(sizes) + 1}Q", len(sizes), *sizes)
        sha256.update(name.encode() + b"\0" + counts + value)
    return sha256.hexdigest().encode()


def plain(attributes):
    values = dict(attributes)
    return {n: bytes(v) if isinstance(v, bytes) else v.tobytes() for n, v in values.items()}


def tensors(group):
    found = {}
    group.visititems(lambda path, item: found.update({path: item}))
    data = [(path, found[path]) for path in sorted(found) if isinstance(found[path], h5py.Dataset)]
    return {path: item[0] if "scalar" in item.attrs else item[()] for path, item in data}


def read(path):
    """The document, as bytes, the parameters and the moments of a checkpoint."""
    with h5py.File(path, "r") as file:
        about = plain(file.attrs)
        if about.get("format") != b"duiqi-checkpoint" or file.attrs["format_version"] > 2:
            raise ValueError(f"{path}: no duiqi checkpoint of format 1 or 2")
        texts = ("configuration", "preprocessing", "recipe", "vocabulary")
        document = {name: file[name][()].tobytes() for name in texts}
        document.update((name, about[name]) for name in ("family", "tool_version"))
        run = plain(file["run"].attrs) if "run" in file else {}
        document.update((f"run/{name}", run[name]) for name in sorted(run))
        parameters, moments = tensors(file["parameters"]), tensors(file["optimizer"])
    digests = {
        "sha256": ((name, t.shape, t.tobytes()) for name, t in parameters.items()),
        "optimizer_sha256": ((f"optimizer/{n}", t.shape, t.tobytes()) for n, t in moments.items()),
        "document_sha256": ((name, [len(value)], value) for name, value in document.items()),
    }
    for name, records in digests.items():
        if digest(records) != about[name]:
            raise ValueError(f"{path}: the contents differ from {name}")
    return document, parameters, moments


if __name__ == "__main__":
    document, parameters, moments = read(sys.argv[1])
    for name, value in document.items():
        print(f"{name}: {value[:60]}")
    for name, tensor in (parameters | moments).items():
        print(f"{name}: {tensor.shape}")
