#!/usr/bin/env python3
"""Writes ustar.tar, pax.tar and gnu.tar beside itself, with Python's own tarfile (3.11.7).

Each holds the same two pairs (key `0001`, and a key too long for ustar's name field, with Chinese
in the PAX and GNU files), a folder, a symbolic link and a file that belongs to no pair. The PAX
file has fractional times, so every member has an extended header, as WebDataset writes them.
`member_table` prints what tarfile finds in them: the expected values of TarReaderTests.
"""
import io
import os
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = "pictures/" + "a-long-folder-name/" * 6 + "0002"


def write(name, form, key, time):
    with tarfile.open(os.path.join(HERE, name), "w", format=form) as tar:
        def add(path, data=b"", kind=tarfile.REGTYPE, link=""):
            info = tarfile.TarInfo(path)
            info.type, info.size, info.mtime, info.linkname = kind, len(data), time, link
            tar.addfile(info, io.BytesIO(data))

        add("folder", kind=tarfile.DIRTYPE)
        add("0001.jpg", b"first image")
        add("0001.txt", "一只猫\n".encode())
        add("link.jpg", kind=tarfile.SYMTYPE, link="0001.jpg")
        add("__meta__/0000.jpg", b"{}")
        add(key + ".png", b"x" * 513)
        add(key + ".json", b'{"captions": ["two"]}')


def member_table(name):
    with tarfile.open(os.path.join(HERE, name)) as tar:
        for m in tar:
            print(name, m.name, m.offset, m.offset_data, m.size, m.isreg())


write("ustar.tar", tarfile.USTAR_FORMAT, LONG, 0)
write("pax.tar", tarfile.PAX_FORMAT, LONG + "猫", 1700000000.1234567)
write("gnu.tar", tarfile.GNU_FORMAT, LONG + "猫", 0)
for archive in ("ustar.tar", "pax.tar", "gnu.tar"):
    member_table(archive)
