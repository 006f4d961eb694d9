#!/usr/bin/env python3
"""The tokenizer rules that our tests use against cn_clip's own tokenizer: part of `make parity`.

Both see the texts of Tests/Interoperability/tokenizer_texts.py, on the path of the original's
`tokenize` and on that of its data loaders, and texts with lone surrogates besides. duiqi's ids are
held against the same rules in Tests/Interoperability/test_tokenizer.py.
"""

import pathlib
import sys
import unicodedata

from cn_clip import clip

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Interoperability"))

import original_tokenizer  # noqa: E402
import tokenizer_texts  # noqa: E402

CONTEXT_LENGTH = 512


def original_ids(texts):
    """A row of ids for each text, padding cut off."""
    for start in range(0, len(texts), 1000):
        for row in clip.tokenize(texts[start:start + 1000], CONTEXT_LENGTH).tolist():
            yield row[: row.index(102) + 1]


def main():
    vocabulary = original_tokenizer.read_vocabulary(tokenizer_texts.VOCABULARY)
    texts = tokenizer_texts.texts()
    surrogates = list(tokenizer_texts.surrogate_texts())
    loaded = [original_tokenizer.for_training(text) for text in texts]
    status = 0
    for name, group in (("texts", texts), ("texts as loaded for training", loaded),
                        ("texts with lone surrogates", surrogates)):
        differing = [
            text for text, ids in zip(group, original_ids(group))
            if original_tokenizer.encode(text, vocabulary, CONTEXT_LENGTH) != ids]
        for text in differing[:5]:
            print(f"tokenizer: {ascii(text[:80])} differs")
        verdict = "FAILED" if differing else "ok"
        print(f"tokenizer: {len(group)} {name}, {len(differing)} differ  {verdict}  "
              f"Unicode {unicodedata.unidata_version}")
        status = 1 if differing else status
    return status


if __name__ == "__main__":
    sys.exit(main())
