"""What Pillow makes of a picture file: the pixels that ours are held against.

"original" is Chinese-CLIP's way: resized in the mode of the file, then converted. "shown" is a
viewer's: laid over white and turned upright, 16-bit samples cut to their upper byte, then resized.
Of animations the first frame.
"""
import io

import numpy
import PIL
from PIL import Image, ImageOps

assert PIL.__version__ == "12.3.0", "the expected pixels are those of Pillow 12.3.0"


def stored(file):
    return Image.open(io.BytesIO(file)).convert("RGB")


def shown(file):
    image = Image.open(io.BytesIO(file))
    image.load()
    if image.mode.startswith("I"):
        upper = Image.fromarray((numpy.asarray(image) >> 8).astype(numpy.uint8))
        upper.info = image.info
        image = upper
    image = ImageOps.exif_transpose(image).convert("RGBA")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white


def squashed(image, size):
    return image.resize((size, size), Image.Resampling.BICUBIC)


def original(file, size):
    return squashed(Image.open(io.BytesIO(file)), size).convert("RGB")
