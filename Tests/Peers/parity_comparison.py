"""How parity.py compares gradients, losses and running statistics, and what it allows.

Gradients and statistics are by path, in HDF5 groups; errors are shares of norms.
"""

import math

import h5py
import numpy
import torch

# Largest errors allowed: of an embedding's element, of a loss, of a gradient or running statistic
# as a share of its norm, of all gradients together, of a gradient that is zero as a share of them.
BOUNDS = {"embeddings": 1e-4, "losses": 1e-4, "gradients": 1e-3, "whole": 1e-3, "zeros": 1e-7,
          "statistics": 1e-3}
SMALL = 1e-5


def datasets(group):
    """Datasets by path."""
    found = {}
    group.visititems(lambda path, item: found.update(
        {path: item} if isinstance(item, h5py.Dataset) else {}))
    return found


def flat(dataset):
    return torch.from_numpy(numpy.asarray(dataset[()], dtype=numpy.float64).reshape(-1))


def finite(number):
    """The number, or infinity for one that is none, so that the largest is the worst."""
    return number.item() if number.isfinite() else math.inf


def largest_error(found, expected):
    return finite((found - expected).abs().max()) if found.shape == expected.shape else math.inf


def gradient_errors(found, expected):
    """The worst difference as a share of its tensor's norm, and where. A key's bias shifts all
    scores of a query alike, so its gradient is zero; those of queries and keys nearly are where all
    tokens are nearly alike, as deep in a tower with drawn weights. Of a tensor with less than SMALL
    of the whole gradient, a thousandth would be less than Float32's rounding of the whole, 6e-8: there
    the difference is taken as a share of the whole."""
    whole = math.sqrt(sum(flat(value).square().sum().item() for value in expected.values()))
    worst, zeros, different = (-1.0, ""), (-1.0, ""), 0.0
    for path in expected:
        ours, theirs = found(path), flat(expected[path])
        difference = finite((ours - theirs).norm())
        different += difference ** 2
        if theirs.norm() < SMALL * whole or path.endswith(("attention/key/bias", "pool/key/bias")):
            zeros = max(zeros, (difference / whole, path))
        else:
            worst = max(worst, (difference / theirs.norm().item(), path))
    return worst, math.sqrt(different) / whole, zeros


def statistics_error(found, expected):
    """The same of running statistics after ten steps; nothing without batch norms."""
    return max(((finite((flat(found[path]) - flat(value)).norm() / flat(value).norm()), path)
                for path, value in expected.items()), default=None)


def allowances(file, mode):
    """Bounds of a mode. A residual tower is compared with Float64; three times the error of PyTorch's
    own Float32 is allowed where that is more, but for a single tensor's gradient."""
    allowed = dict(BOUNDS)
    if (own := file.get(f"{mode}, float32")) is None:
        return allowed
    reference, their = file[mode], datasets(own["gradients"])
    _, whole, _ = gradient_errors(
        lambda path: flat(their[path]), datasets(reference["gradients"]))
    errors = {
        "losses": largest_error(flat(own["losses"]), flat(reference["losses"])), "whole": whole,
        "statistics": statistics_error(
            datasets(own["statistics"]), datasets(reference["statistics"]))[0]}
    for quantity, error in errors.items():
        allowed[quantity] = max(allowed[quantity], 3 * error)
    return allowed
