"""Every kind of picture file that is read, written from one scene of any size."""
import io
import struct

import numpy
from PIL import Image

from png_writer import png


def scene(width, height, seed):
    """RGBA as numpy [height, width, 4]: gradients, an edge, some noise, alpha from 0 to 255."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    across, down = (x + 0.5) / width, (y + 0.5) / height
    slopes = random.uniform(-1, 1, (4, 2))
    planes = []
    for channel in range(4):
        slope = slopes[channel]
        plane = 128 + 150 * (slope[0] * (across - 0.5) + slope[1] * (down - 0.5))
        plane += 70 * numpy.sign(across + slope[0] * down - 0.6)
        planes.append(plane + random.normal(0, 6, plane.shape))
    return numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8)


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def without_segment(jpeg, marker):
    """A JPEG file less the segments of one marker."""
    kept, place = jpeg[:2], 2
    while jpeg[place + 1] != 0xDA:
        end = place + 2 + struct.unpack(">H", jpeg[place + 2:place + 4])[0]
        if jpeg[place + 1] != marker:
            kept += jpeg[place:end]
        place = end
    return kept + jpeg[place:]


def orientation_block(value, order):
    """An Exif block with one entry; `order` is struct's sign for the byte order."""
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, value, 0)
    return b"Exif\0\0" + mark + struct.pack(order + "HIH", 42, 8, 1) + entry + bytes(4)


def rgb(s):
    return Image.fromarray(s[:, :, :3])


def rgba(s):
    return Image.fromarray(s)


def grey(s):
    return rgb(s).convert("L")


def grey_alpha(s):
    return rgba(s).convert("LA")


def cmyk(s):
    """Ink as the scene's channels are, black between none and half."""
    return Image.fromarray(numpy.concatenate([s[:, :, :3], s[:, :, 3:] // 2], 2), "CMYK")


def ycck(s):
    """A file whose components are luma, chroma and black, and whose Adobe marker says so."""
    planes = [numpy.asarray(rgb(s).convert("YCbCr")), s[:, :, 3:] // 2 + 128]
    inverted = Image.fromarray(255 - numpy.concatenate(planes, 2), "CMYK")
    file = bytearray(saved(inverted, "JPEG", quality=90))
    file[file.index(b"Adobe") + 11] = 2
    return bytes(file)


def samples(s, depth, channels):
    """Rows of samples of `depth` bits; of 16, both bytes differ."""
    wide = s.astype(numpy.uint32) * 257 ^ 0x55
    scaled = wide if depth == 16 else s.astype(numpy.uint32) >> (8 - depth)
    return scaled[:, :, channels].reshape(len(s), -1).tolist()


def few_colours(s, depth):
    """Palette rows, a palette, and an alpha for each of its entries."""
    count = 1 << depth
    rows = (s[:, :, 0].astype(int) * count // 256).tolist()
    palette = [(37 * entry + 90 * channel) % 256 for entry in range(count) for channel in range(3)]
    return rows, palette, bytes((255 - 23 * entry) % 256 for entry in range(count))


def palette_png(s, depth, transparent, interlaced=False):
    rows, palette, alpha = few_colours(s, depth)
    return png(rows, depth, 3, interlaced, palette, alpha if transparent else None)


def keyed_grey(s):
    """Grey of which one level, the first pixel's, is transparent."""
    rows = samples(s // 16 * 16, 8, [0])
    return png(rows, 8, 0, transparency=struct.pack(">H", rows[0][0]))


def keyed_rgb(s):
    rows = samples(s // 64 * 64, 8, [0, 1, 2])
    return png(rows, 8, 2, transparency=struct.pack(">HHH", *rows[0][:3]))


def animated(s, form, image, **options):
    others = [image(255 - s), image(s[::-1])]
    return saved(image(s), form, save_all=True, append_images=others, duration=80, **options)


def bilevel(s):
    return saved(rgb(s).convert("1"), "PNG")


JPEG = {
    "jpeg_444": lambda s: saved(rgb(s), "JPEG", quality=92, subsampling="4:4:4"),
    "jpeg_422": lambda s: saved(rgb(s), "JPEG", quality=85, subsampling="4:2:2"),
    "jpeg_420": lambda s: saved(rgb(s), "JPEG", quality=80, subsampling="4:2:0"),
    "jpeg_progressive": lambda s: saved(rgb(s), "JPEG", quality=85, progressive=True),
    "jpeg_restarts": lambda s: saved(rgb(s), "JPEG", quality=75, restart_marker_blocks=1),
    "jpeg_stored_as_rgb": lambda s: saved(rgb(s), "JPEG", quality=85, keep_rgb=True),
    "jpeg_grey": lambda s: saved(grey(s), "JPEG", quality=85),
    "jpeg_grey_progressive": lambda s: saved(grey(s), "JPEG", quality=70, progressive=True),
    "jpeg_cmyk": lambda s: saved(cmyk(s), "JPEG", quality=90),
    "jpeg_cmyk_without_adobe": lambda s: without_segment(saved(cmyk(s), "JPEG", quality=90), 0xEE),
    "jpeg_ycck": ycck,
    "jpeg_ycck_without_adobe": lambda s: without_segment(ycck(s), 0xEE),
}

PNG = {
    "png_rgb": lambda s: saved(rgb(s), "PNG"),
    "png_rgba": lambda s: saved(rgba(s), "PNG"),
    "png_grey": lambda s: saved(grey(s), "PNG"),
    "png_grey_alpha": lambda s: saved(grey_alpha(s), "PNG"),
    "png_bilevel": bilevel,
    "png_grey_2_bits": lambda s: png(samples(s, 2, [0]), 2, 0),
    "png_grey_4_bits": lambda s: png(samples(s, 4, [0]), 4, 0),
    "png_grey_16_bits": lambda s: png(samples(s, 16, [0]), 16, 0),
    "png_grey_alpha_16_bits": lambda s: png(samples(s, 16, [0, 3]), 16, 4),
    "png_rgb_16_bits": lambda s: png(samples(s, 16, [0, 1, 2]), 16, 2),
    "png_rgba_16_bits": lambda s: png(samples(s, 16, [0, 1, 2, 3]), 16, 6),
    "png_grey_key": keyed_grey,
    "png_rgb_key": keyed_rgb,
    "png_palette_1_bit": lambda s: palette_png(s, 1, False),
    "png_palette_4_bits": lambda s: palette_png(s, 4, False),
    "png_palette_8_bits": lambda s: saved(rgb(s).quantize(64), "PNG"),
    "png_palette_alpha_2_bits": lambda s: palette_png(s, 2, True),
    "png_palette_alpha_8_bits": lambda s: palette_png(s, 8, True),
    "png_interlaced_rgb": lambda s: png(samples(s, 8, [0, 1, 2]), 8, 2, True),
    "png_interlaced_rgba": lambda s: png(samples(s, 8, [0, 1, 2, 3]), 8, 6, True),
    "png_interlaced_grey_16_bits": lambda s: png(samples(s, 16, [0]), 16, 0, True),
    "png_interlaced_palette_2_bits": lambda s: palette_png(s, 2, True, True),
    "png_animated": lambda s: animated(s, "PNG", rgb),
    "png_animated_alpha": lambda s: animated(s, "PNG", rgba),
    "png_animated_behind_default": lambda s: animated(s, "PNG", rgb, default_image=True),
}

WEBP = {
    "webp_lossy": lambda s: saved(rgb(s), "WEBP", quality=80),
    "webp_lossless": lambda s: saved(rgb(s), "WEBP", lossless=True),
    "webp_lossy_alpha": lambda s: saved(rgba(s), "WEBP", quality=80),
    "webp_lossless_alpha": lambda s: saved(rgba(s), "WEBP", lossless=True, exact=True),
    "webp_animated": lambda s: animated(s, "WEBP", rgb, quality=80),
    "webp_animated_alpha": lambda s: animated(s, "WEBP", rgba, lossless=True),
}

KINDS = JPEG | PNG | WEBP


def turned_kinds():
    """All orientations in JPEG, in both byte orders, and one each in PNG and WebP."""
    kinds = {}
    for value in range(9):
        block = orientation_block(value, "<>"[value % 2])
        kinds[f"jpeg_orientation_{value}"] = lambda s, b=block: saved(rgb(s), "JPEG", exif=b)
    left, right = orientation_block(6, ">"), orientation_block(8, "<")
    kinds["png_orientation_6"] = lambda s: saved(rgba(s), "PNG", exif=left)
    kinds["webp_orientation_8"] = lambda s: saved(rgb(s), "WEBP", quality=80, exif=right)
    return kinds
