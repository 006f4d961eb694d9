"""PNG files of the kinds that Pillow reads but does not write: interlaced, 16 bits, few bits."""
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Start and step of Adam7's passes along x and y (PNG specification, section 8.2).
ADAM7 = [
    (0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4),
    (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2),
]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width, height, depth, colour, interlaced=False):
    body = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return SIGNATURE + chunk(b"IHDR", body)


def packed_row(row, depth):
    """The bytes of one row of samples."""
    if depth == 16:
        return b"".join(struct.pack(">H", sample) for sample in row)
    bits = "".join(format(sample, f"0{depth}b") for sample in row)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def png(rows, depth, colour, interlaced=False, palette=None, transparency=None):
    """A file of `rows`, each a flat list of samples."""
    channels = CHANNELS[colour]
    width, height = len(rows[0]) // channels, len(rows)
    pixels = [[row[x * channels:(x + 1) * channels] for x in range(width)] for row in rows]
    raw = b""
    for x0, dx, y0, dy in ADAM7 if interlaced else [(0, 1, 0, 1)]:
        for row in pixels[y0::dy]:
            part = [sample for pixel in row[x0::dx] for sample in pixel]
            if part:
                raw += b"\0" + packed_row(part, depth)
    file = header(width, height, depth, colour, interlaced)
    if palette:
        file += chunk(b"PLTE", bytes(palette))
    if transparency:
        file += chunk(b"tRNS", transparency)
    return file + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
