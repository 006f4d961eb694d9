"""Texts that tell tokenizers apart, the same ones each time: some 70,000.

A line of a text file carries any of them: none has a line feed or ends in a carriage return.
"""

import json
import pathlib
import random
import tarfile
import unicodedata

DATA = pathlib.Path(__file__).resolve().parents[2] / "recipes/data"
VOCABULARY = DATA / "bert-chinese/vocab.txt"

CHOSEN = [
    "plain", "", " ", "\t \u3000\u00a0", "\u2028", "a\u2028b", "a\u2029b", "中\u2028文", "a\u0085b",
    "a\u200bb", "\ufeff你好", "x\ufeffy", "a\0b", "a\ufffdb", "ab\rcd", "a\x1cb\x1db\x1eb\x1fb",
    "ΟΔΟΣ", "ΣΑΣ ΣΑΣ.", "ΑΣ\u0301", "Σ", "aΣ", "aΣb", "a\u00adΣ", "ΣΣ", "ΑΣ’ΑΣ", "İstanbul", "ıI İi",
    "I\u0307", "DİYARBAKIR", "ẞß", "ﬁne", "ǅ ǈ", "K Å", "cafe\u0301", "café", "e\u0301\u0323",
    "が", "か\u3099", "한국어", "\u1112\u1161\u11ab\u1100\u116e\u11a8", "각각 가나다",
    "豈", "豈麗", "𠮷野家", "\U0002b825\U0002b826", "\U0002f800", "二〇二三", "“弯”‘单’", "“Pro”版",
    "……—", "［ＡＢＣ］１２３", "5.5寸", "36.5℃", "￥99", "$9.9/€8", "C++/C#", "#话题# @某人", "~`^|<>=+",
    "[CLS] [SEP] [MASK] [UNK] [PAD]", "[unused1] <S>文本<T>", "##测试 ## #", "don't",
    "https://例子.中国/a?b=1&c=%E4", "👨‍👩‍👧 👍🏽 🇨🇳🇬🇷 1️⃣ #️⃣ ❤️ ❤ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "中👍🏿文", "a😀b", "a\ue000b", "\ufdd0",
    "\uffff", "a\U0001ffffb", "\U0010ffff", "\U000e0001a", "ภาษาไทย हिन्दी ｶﾞﾝﾀﾞﾑ עברית العربية",
]


def emoji():
    for shard in ("train", "validation", "test"):
        with tarfile.open(DATA / f"noto-emoji/{shard}.tar") as archive:
            for member in archive:
                if member.name.endswith(".json"):
                    fields = json.load(archive.extractfile(member))
                    for value in fields.values():
                        yield from [value] if isinstance(value, str) else value
                    yield fields["emoji"] + fields["zh"][0] + " " + fields["en"][0]


def entries():
    """Every entry of the vocabulary as it stands, and without the mark of a continuation."""
    for line in VOCABULARY.read_bytes().decode("utf-8").split("\n"):
        yield line
        yield line.removeprefix("##")


def settled():
    """Characters of the same category in Unicode 3.2 and now: those that Python's age leaves alone."""
    old = unicodedata.ucd_3_2_0
    for code in range(0x110000):
        character = chr(code)
        category = unicodedata.category(character)
        if category not in ("Cn", "Cs", "Co") and old.category(character) == category:
            yield character


def scalars(characters):
    """Each character between a letter and an ideograph; those of large scripts eight at a time."""
    crowd = []
    for character in characters:
        name = unicodedata.name(character, "")
        if name.startswith(("CJK UNIFIED", "HANGUL SYLLABLE", "YI SYLLABLE")):
            crowd.append(character)
        else:
            yield f"a{character}B中{character}"
    for start in range(0, len(crowd), 8):
        yield "".join(crowd[start:start + 8])


def mixtures(characters, choose):
    """Words of several scripts, signs, controls and marks, joined in every way."""
    kinds = {}
    for character in characters:
        kinds.setdefault(unicodedata.category(character), []).append(character)
    names = sorted(kinds)
    greek = ["Α", "β", "Σ", "Σ", "ς", "A", "1", ".", "'", "\u0301", "\u00ad", " ", "中"]
    for _ in range(4000):
        yield "".join(choose.choice(kinds[choose.choice(names)])
                      for _ in range(choose.randint(1, 24)))
        yield "".join(choose.choice(greek) for _ in range(choose.randint(2, 10)))
    for _ in range(1500):
        ascii_text = "".join(chr(choose.randrange(0x20, 0x7F)) for _ in range(40))
        yield unicodedata.normalize(choose.choice(["NFD", "NFKD", "NFC"]),
                                    "".join(choose.choices(kinds["Lo"] + kinds["Lu"], k=12)))
        yield ascii_text + choose.choice(["", "中文", "\u3000"]) + ascii_text[:9].upper()


def long_texts(characters, choose):
    """Around the longest word, and of ten thousand bytes and more."""
    for count in (199, 200, 201):
        yield from ("x" * count, "é" * count, "e\u0301" * count, "\u00ad" + "q" * count, "가" * (count // 2))
    for unit in ("x", "猫", "a photo of a cat. ", "-", "ΑΣ", "😀", "一x", "\u0301", "ab\u2028", "“", " ",
                 "[SEP]", "\u200b", "\U0001f1e8\U0001f1f3"):
        yield unit * (10240 // len(unit.encode()) + 1)
    for _ in range(30):
        yield "".join(choose.choice(characters) for _ in range(4000))


def texts():
    choose = random.Random(2024)
    characters = list(settled())
    found = [*CHOSEN, *emoji(), *entries(), *scalars(characters), *mixtures(characters, choose),
             *long_texts(characters, choose)]
    carried = (text for text in found if "\n" not in text and not text.endswith("\r"))
    return list(dict.fromkeys(carried))


def surrogate_texts():
    """What Python's strings hold and no UTF-8 file can."""
    choose = random.Random(7)
    for _ in range(500):
        lone = chr(choose.randrange(0xD800, 0xE000))
        yield choose.choice(["a{}b", "{}", "中{}文", "x {} y", "Σ{}Σ"]).format(lone)
