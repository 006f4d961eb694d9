"""Writes 200 pictures of all kinds and shapes, and what Pillow makes of each.

    make_pictures.py FOLDER [SEED]

Beside each picture `NAME` lie `NAME.original` and `NAME.shown`, RGB bytes of the square that
pictures.json says the side of; Tests/Fixtures/images/pillow_pixels.py says what they are.
"""

import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Fixtures/images"))

import picture_kinds  # noqa: E402
from pillow_pixels import original, shown, squashed  # noqa: E402

COUNT = 200
# Those that libraries write, quickly at any size.
LARGE_KINDS = [
    "jpeg_420", "png_rgba", "jpeg_progressive", "png_palette_8_bits", "jpeg_cmyk", "webp_lossy",
    "png_bilevel", "png_grey_alpha", "jpeg_grey", "webp_lossless_alpha",
]
LARGE_SIZES = [
    (3000, 3000), (1500, 1000), (1000, 2000), (3000, 500), (701, 1403), (1999, 1001), (999, 3000),
    (2048, 1536), (640, 3000), (1200, 1200),
]


def shapes(choose):
    """Ordinary ones, odd ones, sides of one pixel, thin ones of either kind, and the target's."""
    while True:
        yield choose.randint(2, 260), choose.randint(2, 260)
        yield choose.choice([(1, choose.randint(1, 3000)), (choose.randint(1, 3000), 1)])
        yield 2 * choose.randint(1, 130) + 1, 2 * choose.randint(1, 130) + 1
        yield choose.choice([(choose.randint(2, 6), 900), (900, choose.randint(2, 6))])
        yield 224, 224
        yield choose.randint(225, 500), choose.randint(225, 500)


def pictures(seed):
    choose = random.Random(seed)
    kinds = picture_kinds.KINDS | picture_kinds.turned_kinds()
    for name, size in zip(LARGE_KINDS, LARGE_SIZES):
        yield name, kinds[name], size
    names, sizes = list(kinds), shapes(choose)
    for number in range(COUNT - len(LARGE_KINDS)):
        name = names[number % len(names)]
        yield name, kinds[name], next(sizes)


def main():
    folder = pathlib.Path(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    entries = []
    for number, (kind, write, (width, height)) in enumerate(pictures(seed)):
        file = write(picture_kinds.scene(width, height, 7000 + 1000 * seed + number))
        side = 336 if number % 9 == 8 else 224
        name = f"{number:03}_{kind}"
        (folder / name).write_bytes(file)
        (folder / f"{name}.original").write_bytes(original(file, side).tobytes())
        (folder / f"{name}.shown").write_bytes(squashed(shown(file), side).tobytes())
        entries.append({"name": name, "width": width, "height": height, "side": side})
    (folder / "pictures.json").write_text(json.dumps(entries))


if __name__ == "__main__":
    main()
