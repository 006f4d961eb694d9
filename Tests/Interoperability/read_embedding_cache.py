"""Reads a cache file of embeddings as docs/embedding-cache.md describes it, with NumPy alone.

    read_embedding_cache.py FILE EMBEDDINGS.npy

Compares its rows with an array of the same embeddings, computed elsewhere. Exit code 1 and a line
where a checksum is wrong or a row differs; else prints the key.
"""

import hashlib
import struct
import sys

import numpy as np


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"DUIQIEM\x01", "magic or version"
    k, rows, n, w = struct.unpack_from("<IIQI", data, 8)
    end = 76 + k
    key = data[76:end]
    assert hashlib.sha256(data[:end]).digest() == data[end : end + 32], "header"
    at, parts = end + 32, []
    for number in range((n + rows - 1) // rows):
        r = min(rows, n - number * rows)
        size = r * (33 + 4 * w)
        block, check = data[at : at + size], data[at + size : at + size + 32]
        head = hashlib.sha256(key).digest() + struct.pack("<Q", number)
        assert hashlib.sha256(head + block).digest() == check, f"block {number}"
        parts.append(np.frombuffer(block, "<f4", r * w, r * 33).reshape(r, w))
        at += size + 32
    assert at == len(data), "size"
    return key.decode("utf-8"), np.concatenate(parts)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    key, embeddings = read(sys.argv[1])
    others = np.load(sys.argv[2])
    if embeddings.shape != others.shape:
        sys.exit(f"{embeddings.shape} embeddings, {others.shape} in the array")
    difference = float(np.abs(embeddings - others).max())
    if difference > 1e-5:
        sys.exit(f"embeddings differ by {difference}")
    print(key)


if __name__ == "__main__":
    main()
