#!/usr/bin/env python3
"""Writes the pictures in this folder and what Pillow makes of them.

Made with Python 3.11, Pillow 12.3.0 (libjpeg-turbo 3.1.4.1, libwebp 1.6.0) and numpy 2.4.6:
`pip install pillow==12.3.0 numpy==2.4.6`, then `python make_image_fixtures.py`. Pillow 13 takes
more kinds of tall pictures down before across, so that its pixels differ.

- `kinds/`: one small picture of each kind; `kinds.json`: its pixels.
- `generated.tar`: 200 pictures of all kinds and of many shapes; `generated.json`: each at 16 x 16,
  as it is shown and in the way of the original.
- `resizes.json`: SHA-256 of resizes of a noise that is computed, so that sources need no room.
- `hostile/`: headers that promise more than there is, and pictures of absurd shapes.

What the pixels are: the first frame as RGB. "shown" is laid over white and turned upright, "stored"
is neither; pillow_pixels.py says how.
"""
import base64
import hashlib
import io
import json
import pathlib
import random
import struct
import tarfile
import zlib

import numpy
from PIL import Image

import picture_kinds
import png_writer
from pillow_pixels import original, shown, squashed, stored

HERE = pathlib.Path(__file__).parent


def text(image):
    return base64.b64encode(image.tobytes()).decode()


def write_json(name, value):
    lines = ",\n".join(json.dumps(entry) for entry in value)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


def write_kinds():
    (HERE / "kinds").mkdir(exist_ok=True)
    entries = []
    kinds = picture_kinds.KINDS | picture_kinds.turned_kinds()
    for seed, (name, write) in enumerate(kinds.items()):
        file = write(picture_kinds.scene(21, 14, seed))
        path = f"{name}.{name.split('_')[0].replace('jpeg', 'jpg')}"
        (HERE / "kinds" / path).write_bytes(file)
        entries.append({
            "file": path, "shownWidth": shown(file).width, "shownHeight": shown(file).height,
            "shown": text(shown(file)), "storedWidth": stored(file).width,
            "storedHeight": stored(file).height, "stored": text(stored(file)),
        })
    write_json("kinds.json", entries)


def generated_sizes():
    """Ordinary ones, sides of one pixel, and thin ones, in turn."""
    shapes = random.Random(20)
    for _ in range(50):
        yield shapes.randint(2, 60), shapes.randint(2, 60)
        yield shapes.choice([(1, shapes.randint(1, 90)), (shapes.randint(1, 90), 1)])
        yield shapes.choice([(shapes.randint(2, 4), 150), (150, shapes.randint(2, 4))])
        yield 16, shapes.randint(1, 40)


def write_generated():
    entries = []
    names = list(picture_kinds.KINDS)
    with tarfile.open(HERE / "generated.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for number, (width, height) in enumerate(generated_sizes()):
            name = names[number % len(names)]
            file = picture_kinds.KINDS[name](picture_kinds.scene(width, height, 1000 + number))
            info = tarfile.TarInfo(f"{number:03}.{name.split('_')[0]}")
            info.size = len(file)
            tar.addfile(info, io.BytesIO(file))
            entries.append({
                "key": f"{number:03}", "kind": name, "width": width, "height": height,
                "pixels": text(squashed(shown(file), 16)), "original": text(original(file, 16)),
            })
    write_json("generated.json", entries)


def noise(width, height):
    """RGB from a hash of the place; its every bit is as good as chance."""
    y, x, channel = numpy.mgrid[0:height, 0:width, 0:3].astype(numpy.uint32)
    value = x * numpy.uint32(0x9E3779B1) ^ y * numpy.uint32(0x85EBCA77)
    value ^= channel * numpy.uint32(0xC2B2AE3D)
    value ^= value >> 15
    value *= numpy.uint32(0x2C1B3C6D)
    value ^= value >> 12
    return Image.fromarray((value & 255).astype(numpy.uint8))


RESIZES = [
    (1, 1, 7), (1, 1, 224), (2, 1, 32), (1, 2, 32), (3, 5, 64), (16, 15, 16), (15, 16, 16),
    (17, 16, 16), (223, 225, 224), (225, 223, 224), (224, 300, 224), (300, 224, 224),
    (31, 33, 224), (640, 480, 224), (480, 640, 224), (641, 479, 223), (97, 1013, 64),
    (1013, 97, 64), (4000, 3, 96), (3, 4000, 96), (1, 5000, 33), (5000, 1, 33), (257, 255, 1),
    (255, 257, 2), (1200, 900, 336), (47, 53, 336), (9, 900, 60), (9, 901, 60), (1, 101, 200),
]


def write_resizes():
    write_json("resizes.json", [
        {
            "width": width, "height": height, "size": size,
            "sha256": hashlib.sha256(squashed(noise(width, height), size).tobytes()).hexdigest(),
        } for width, height, size in RESIZES
    ])


def jpeg_header(width, height, frame):
    """The start of a picture of three components, up to its scan, that says to be this large."""
    file = picture_kinds.JPEG["jpeg_444"](picture_kinds.scene(16, 16, 0))
    place = file.index(b"\xff\xc0")
    sizes = struct.pack(">HH", height, width)
    return file[:place] + frame + file[place + 2:place + 5] + sizes + file[place + 9:]


def webp_header(width, height):
    """A lossless picture's header and a little of its data."""
    bits = width - 1 | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes(32)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def thin_png(width, height):
    row = bytes(1 + (width + 7) // 8)
    data = png_writer.chunk(b"IDAT", zlib.compress(row * height, 9))
    end = png_writer.chunk(b"IEND", b"")
    return png_writer.header(width, height, 1, 0) + data + end


def write_hostile():
    (HERE / "hostile").mkdir(exist_ok=True)
    files = {
        "declares_60000_x_60000.png": png_writer.header(60000, 60000, 8, 6)
        + png_writer.chunk(b"IDAT", zlib.compress(bytes(100))),
        "declares_2147483647_x_1.png": png_writer.header(2147483647, 1, 16, 6)
        + png_writer.chunk(b"IDAT", zlib.compress(bytes(100))),
        "declares_13000_x_13000_interlaced.png": png_writer.header(13000, 13000, 8, 2, True)
        + png_writer.chunk(b"IDAT", zlib.compress(bytes(100))),
        "declares_65500_x_65500.jpg": jpeg_header(65500, 65500, b"\xff\xc0"),
        "declares_13000_x_13000.jpg": jpeg_header(13000, 13000, b"\xff\xc0"),
        "declares_13000_x_13000_progressive.jpg": jpeg_header(13000, 13000, b"\xff\xc2"),
        "declares_16384_x_16384.webp": webp_header(16384, 16384),
        "holds_1_x_1000000.png": thin_png(1, 1000000),
        "holds_1000000_x_1.png": thin_png(1000000, 1),
        "holds_1_x_1000001.png": thin_png(1, 1000001),
    }
    for name, file in files.items():
        (HERE / "hostile" / name).write_bytes(file)


write_kinds()
write_generated()
write_resizes()
write_hostile()
