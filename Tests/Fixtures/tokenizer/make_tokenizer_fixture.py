#!/usr/bin/env python3
"""Writes reference_ids.json beside itself: texts and the ids the original tokenizer gives them.

    pip download cn-clip==1.6.0 --no-deps && unzip cn_clip-1.6.0-py3-none-any.whl -d cn_clip_wheel
    pip install six
    python3.11 Tests/Fixtures/tokenizer/make_tokenizer_fixture.py cn_clip_wheel

Run with Python 3.11, whose Unicode data is 14.0: the version of the table in Sources/Tokenizers.
Of the wheel only cn_clip/clip/bert_tokenizer.py and its vocab.txt are used, without PyTorch.

A row is {"text", "plain", "training"}: ids through the original's `tokenize` and through its data
loader (lower case, straight double quotes); "training" is left out where it is the same.
"repeat" says how often the text stands end to end. "cut" says which paths were truncated.
"""

import hashlib
import importlib.util
import json
import random
import sys
import tarfile
import unicodedata
from pathlib import Path

assert unicodedata.unidata_version == "14.0.0", "run this with Python 3.11 (Unicode 14.0)"
CONTEXT = 64
ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "recipes/data"


def original(wheel):
    path = Path(wheel) / "cn_clip/clip/bert_tokenizer.py"
    spec = importlib.util.spec_from_file_location("bert_tokenizer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.FullTokenizer(str(DATA / "bert-chinese/vocab.txt"))


def row(tokenizer, text, repeat=1):
    def encode(string):
        pieces = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(string))
        ids = [tokenizer.vocab["[CLS]"], *pieces[: CONTEXT - 2], tokenizer.vocab["[SEP]"]]
        return ids, len(pieces) > CONTEXT - 2

    whole = text * repeat
    plain, plain_cut = encode(whole)
    # The data loader's own two steps, cn_clip/training/data.py.
    training, training_cut = encode(whole.lower().replace("\u201c", '"').replace("\u201d", '"'))
    result = {"text": text, "plain": plain}
    if training != plain:
        result["training"] = training
    if repeat > 1:
        result["repeat"] = repeat
    if plain_cut or training_cut:
        result["cut"] = [plain_cut, training_cut]
    return result


def emoji_texts(choose):
    """The emoji themselves, with names and keywords in both languages."""
    emoji, texts = [], []
    for shard in ("train", "validation", "test"):
        with tarfile.open(DATA / f"noto-emoji/{shard}.tar") as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    pair = json.load(tar.extractfile(member))
                    emoji.append(pair["emoji"])
                    texts += [", ".join(pair["en"]), "、".join(pair["zh"])]
                    texts.append(pair["emoji"] + pair["zh"][0] + " " + pair["en"][0])
    return choose.sample(emoji, 60) + choose.sample(texts, 480)


def vocabulary_texts(choose):
    """Entries of the vocabulary strung together, with and without spaces."""
    lines = (DATA / "bert-chinese/vocab.txt").read_text("utf-8").split("\n")
    entries = [line.strip().removeprefix("##") for line in lines[106:] if line.strip()]
    texts = ["".join(choose.sample(entries, choose.randint(2, 9))) for _ in range(130)]
    return texts + [" ".join(choose.sample(entries, choose.randint(2, 9))) for _ in range(70)]


def scalar_texts(choose):
    """Scalars of every kind between letters, so that joining and parting both show."""
    def scalars(accept):
        return [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and accept(chr(c))]

    texts = []
    for category in ("Cc Cf Co Cn Zs Zl Zp Mn Mc Me Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Nd Nl No Lu Ll"
                     " Lt Lm Lo").split():
        members = scalars(lambda c: unicodedata.category(c) == category)
        for _ in range(9):
            joined = "a".join(choose.choices(members, k=3))
            texts.append(joined + "中" + choose.choice(members) + "b")
    decomposed = scalars(lambda c: unicodedata.normalize("NFD", c) != c)
    changing = scalars(lambda c: c.lower() != c)
    ordered = scalars(lambda c: unicodedata.combining(c) and unicodedata.category(c) != "Mn")
    marks = scalars(lambda c: unicodedata.category(c) == "Mn")
    for _ in range(60):
        texts.append("".join(choose.choices(decomposed, k=4)) + " " + choose.choice(decomposed))
        texts.append(" ".join(choose.choices(changing, k=6)))
        texts.append("e".join(choose.choices(marks, k=4)))
    for _ in range(20):
        texts.append("か" + "".join(choose.choices(ordered + marks[:40], k=5)))
        texts.append("".join(chr(choose.randrange(0xAC00, 0xD7A4)) for _ in range(4)))
        texts.append("".join(chr(choose.randrange(0x20, 0x7F)) for _ in range(30)))
    return texts


def sigma_texts(choose):
    """Capital sigmas among everything that the final-sigma rule looks at."""
    around = ["Α", "β", "A", "1", "中", " ", ".", "'", "\u00AD", "\u0301", "\u0000", "\u0085",
              "\u2028", "ª", "ʰ", "\u0345", "-", "Σ", "𐐀", "\uFFFD", "\u200D", "·", "が", "ǅ", "\u3000", ":"]
    def text():
        length = choose.randint(2, 9)
        return "".join(choose.choice([choose.choice(around), "Σ"]) for _ in range(length))

    return [text() for _ in range(200)]


def quoted_texts(choose):
    parts = ["“", "”", "‘", "’", "…", "—", "Pro", "ΌΣ", "版", "2023", " ", "［",
             "Ａ", "ﬁ", "ẞ", "İ", "DŽ", "K"]
    return ["".join(choose.choices(parts, k=choose.randint(3, 8))) for _ in range(80)]


def border_lengths():
    return [("x", 199), ("x", 200), ("x", 201), ("é", 200), ("e\u0301", 200), ("e\u0301", 201),
            ("가", 100), ("가", 101), ("각", 67), ("x" * 200 + " ", 3), ("猫", 61), ("猫", 62),
            ("猫", 63), ("猫", 3400), ("a photo of a cat. ", 570), ("\u200b", 10000), (" ", 10000), ("-", 10240),
            ("ΑΣ", 5000), ("😀", 2500), ("一x", 3000), ("\u0301", 5000), ("“", 62), ("“", 63),
            ("\u1715\U0001D165", 150), ("ab\u2028", 3000), ("[SEP]", 25),
            ("\U0001F1E8\U0001F1F3", 90)]


def main():
    choose = random.Random(20240)
    tokenizer = original(sys.argv[1])
    texts = ["", " ", "\t\r\n", "\u2028"]
    for source in (emoji_texts, vocabulary_texts, scalar_texts, sigma_texts, quoted_texts):
        texts += source(choose)
    rows = [row(tokenizer, text) for text in dict.fromkeys(texts)]
    rows += [row(tokenizer, text, repeat) for text, repeat in border_lengths()]
    vocabulary = (DATA / "bert-chinese/vocab.txt").read_bytes()
    head = {"reference": "cn-clip 1.6.0, Unicode 14.0", "context_length": CONTEXT,
            "vocabulary_sha256": hashlib.sha256(vocabulary).hexdigest()}
    body = ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)
    text = json.dumps(head)[:-1] + ', "rows": [\n' + body + "\n]}\n"
    path = Path(__file__).with_name("reference_ids.json")
    path.write_text(text, encoding="ascii")
    print(f"{path.name}: {len(rows)} rows, {len(text)} bytes", file=sys.stderr)


main()
