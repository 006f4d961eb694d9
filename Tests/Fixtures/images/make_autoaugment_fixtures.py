#!/usr/bin/env python3
"""Writes autoaugment.json: digests of what Pillow makes of computed pictures.

Made with Python 3.11, Pillow 12.3.0 and numpy 2.4.6: `pip install pillow==12.3.0 numpy==2.4.6`,
then `python make_autoaugment_fixtures.py`.

Operations are called as timm's AutoAugment calls them, with every argument that its policy
`original` has, and some more. A picture is a rule for its levels, so that sources need no room; the
rules are written once more in ImageFixtures.swift. The policy goes into autoaugment_policy.json: 25
sub-policies of two steps, each an operation, how often it is done, and its argument; rotations and
shears go either way.
"""
import hashlib
import json
import pathlib

import numpy
import PIL
from PIL import Image, ImageEnhance, ImageOps

HERE = pathlib.Path(__file__).parent
assert PIL.__version__ == "12.3.0", "the expected pixels are those of Pillow 12.3.0"

GEOMETRY = {"resample": Image.Resampling.BICUBIC, "fillcolor": (123, 117, 104)}

OPERATIONS = {
    "rotate": (lambda image, degrees: image.rotate(degrees, **GEOMETRY),
               [9, -9, 24, -24, 27, -27, 90, 180]),
    "shearX": (lambda image, factor: image.transform(
        image.size, Image.Transform.AFFINE, (1, factor, 0, 0, 1, 0), **GEOMETRY), [0.15, -0.15]),
    "posterize": (ImageOps.posterize, [4, 6, 7, 8]),
    "solarize": (ImageOps.solarize, [0, 76, 102, 128, 179, 204, 256]),
    "invert": (lambda image, _: ImageOps.invert(image), [0]),
    "autoContrast": (lambda image, _: ImageOps.autocontrast(image), [0]),
    "equalize": (lambda image, _: ImageOps.equalize(image), [0]),
    "color": (lambda image, factor: ImageEnhance.Color(image).enhance(factor),
              [level / 10 * 1.8 + 0.1 for level in (0, 2, 4, 8)]),
    "contrast": (lambda image, factor: ImageEnhance.Contrast(image).enhance(factor),
                 [level / 10 * 1.8 + 0.1 for level in (0, 8)]),
    "sharpness": (lambda image, factor: ImageEnhance.Sharpness(image).enhance(factor),
                  [level / 10 * 1.8 + 0.1 for level in (0, 7)]),
}


def noise(x, y, channel):
    value = x * numpy.uint32(0x9E3779B1) ^ y * numpy.uint32(0x85EBCA77)
    value ^= channel * numpy.uint32(0xC2B2AE3D)
    value ^= value >> 15
    value *= numpy.uint32(0x2C1B3C6D)
    value ^= value >> 12
    return value & 255


PICTURES = {
    "noise": noise,
    "dim": lambda x, y, channel: 60 + noise(x, y, channel) // 4,
    "steps": lambda x, y, channel: noise(x, y, channel) & 0xC0,
    "ramp": lambda x, y, channel: (7 * x + 5 * y + 40 * channel) & 255,
    "flat": lambda x, y, channel: 77 + 50 * channel + 0 * x,
    "rare": lambda x, y, channel: numpy.where(noise(x, y, channel) < 250, 9, 240),
}
SIZES = [(61, 47), (7, 5), (64, 64), (1, 1), (2, 2), (3, 2), (2, 3), (224, 224)]


def picture(name, width, height):
    y, x, channel = numpy.mgrid[0:height, 0:width, 0:3].astype(numpy.uint32)
    return Image.fromarray(PICTURES[name](x, y, channel).astype(numpy.uint8))


def entries():
    for name in PICTURES:
        for width, height in SIZES if name == "noise" else SIZES[:3]:
            image = picture(name, width, height)
            for operation, (apply, arguments) in OPERATIONS.items():
                for argument in arguments:
                    pixels = apply(image, argument).tobytes()
                    yield {"picture": name, "width": width, "height": height,
                           "operation": operation, "argument": argument,
                           "sha256": hashlib.sha256(pixels).hexdigest()}


# Chinese-CLIP's recipes use timm's policy `original`: operation, probability, magnitude.
POLICY = """\
posterize .4 8 rotate .6 9 | solarize .6 5 autoContrast .6 5 | equalize .8 8 equalize .6 3
posterize .6 7 posterize .6 6 | equalize .4 7 solarize .2 4 | equalize .4 4 rotate .8 8
solarize .6 3 equalize .6 7 | posterize .8 5 equalize 1 2 | rotate .2 3 solarize .6 8
equalize .6 8 posterize .4 6 | rotate .8 8 color .4 0 | rotate .4 9 equalize .6 2
equalize 0 7 equalize .8 8 | invert .6 4 equalize 1 8 | color .6 4 contrast 1 8
rotate .8 8 color 1 2 | color .8 8 solarize .8 7 | sharpness .4 7 invert .6 8
shearX .6 5 equalize 1 9 | color .4 0 equalize .6 3 | equalize .4 7 solarize .2 4
solarize .6 5 autoContrast .6 5 | invert .6 4 equalize 1 8 | color .6 4 contrast 1 8
equalize .8 8 equalize .6 3"""


def argument(operation, level):
    """timm's level_to_arg functions."""
    if operation == "rotate":
        return level / 10 * 30
    if operation == "shearX":
        return level / 10 * 0.3
    if operation == "posterize":
        return int(level / 10 * 4) + 4
    if operation == "solarize":
        return min(256, int(level / 10 * 256))
    return level / 10 * 1.8 + 0.1 if operation in ("color", "contrast", "sharpness") else 0


def steps(sub_policy):
    words = sub_policy.split()
    for operation, probability, level in zip(words[::3], words[1::3], words[2::3]):
        yield {"operation": operation, "probability": float(probability),
               "argument": argument(operation, int(level))}


SUB_POLICIES = [list(steps(part)) for part in POLICY.replace("\n", "|").split("|")]
assert len(SUB_POLICIES) == 25 and all(len(part) == 2 for part in SUB_POLICIES)
POLICY_LINES = ",\n".join(json.dumps(part) for part in SUB_POLICIES)
(HERE / "autoaugment_policy.json").write_text(f"[\n{POLICY_LINES}\n]\n")

LINES = ",\n".join(json.dumps(entry) for entry in entries())
(HERE / "autoaugment.json").write_text(f"[\n{LINES}\n]\n")
