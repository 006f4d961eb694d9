"""Reads a .pt file as `torch.load(path, weights_only=True)` does, with NumPy instead of PyTorch.

Only the names on its allow-list are found, and each is a constructor written here; everything else
is an error, as it is in PyTorch's safe mode. What torch.load wants of the archive is checked: one
root folder, members that are stored, `version`.
"""

import collections
import io
import pickle
import zipfile

import numpy

TYPES = {"FloatStorage": numpy.float32, "HalfStorage": numpy.float16, "LongStorage": numpy.int64}


def rebuild_tensor(storage, offset, size, stride, requires_grad, hooks):
    assert not requires_grad and not hooks
    if storage.size == 0:
        return numpy.zeros(size, storage.dtype)
    return numpy.lib.stride_tricks.as_strided(
        storage[offset:], size, [step * storage.itemsize for step in stride])


class SafeUnpickler(pickle.Unpickler):
    def __init__(self, archive, root):
        super().__init__(io.BytesIO(archive.read(f"{root}/data.pkl")))
        self.archive, self.root = archive, root

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return rebuild_tensor
        if module == "torch" and name in TYPES:
            return TYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not on the allow-list")

    def persistent_load(self, identifier):
        kind, element_type, key, location, count = identifier
        assert kind == "storage" and location == "cpu"
        values = numpy.frombuffer(self.archive.read(f"{self.root}/data/{key}"), element_type)
        assert len(values) == count
        return values


def load(path):
    """The object in a .pt file; every member's checksum is compared on the way."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        roots = {name.split("/")[0] for name in archive.namelist()}
        assert len(roots) == 1
        root = roots.pop()
        assert all(one.compress_type == zipfile.ZIP_STORED for one in archive.infolist())
        assert archive.read(f"{root}/version") == b"3\n"
        assert archive.read(f"{root}/byteorder") == b"little"
        return SafeUnpickler(archive, root).load()


def offsets(path):
    """Where the numbers of each storage begin in the file."""
    found = {}
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for one in archive.infolist():
            if "/data/" in one.filename:
                file.seek(one.header_offset + 26)
                name = int.from_bytes(file.read(2), "little")
                extra = int.from_bytes(file.read(2), "little")
                found[one.filename] = one.header_offset + 30 + name + extra
    return found
