"""The token ids that Chinese-CLIP gives a text, written anew from a description of its rules.

Tests/Peers/parity_tokenizer.py holds it against cn_clip's own tokenizer; here, where PyTorch is not
at hand, it stands in for that. Categories and case are those of Python's `unicodedata`.
"""

import re
import unicodedata

LONGEST_WORD = 200
IDEOGRAPHS = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B820, 0x2CEAF), (0x2F800, 0x2FA1F))


def read_vocabulary(path):
    """Ids by entry; a line ends in LF alone, and of equal entries the last counts."""
    entries = path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")
    return {entry.strip(): number for number, entry in enumerate(entries)}


def for_training(text):
    """What the original's data loaders do before its tokenizer sees a text."""
    return text.lower().replace("\u201c", '"').replace("\u201d", '"')


def is_ideograph(character):
    return any(first <= ord(character) <= last for first, last in IDEOGRAPHS)


def is_punctuation(character):
    is_ascii_sign = 33 <= ord(character) <= 126 and not character.isalnum()
    return is_ascii_sign or unicodedata.category(character).startswith("P")


def spread(text):
    """Controls gone, blanks made spaces, ideographs apart."""
    for character in text:
        category = unicodedata.category(character)
        if character in "\t\n\r" or category == "Zs":
            yield " "
        elif character in "\0\ufffd" or category in ("Cc", "Cf"):
            continue
        else:
            yield f" {character} " if is_ideograph(character) else character


def words(text):
    for word in re.split("[ \u2028\u2029]+", "".join(spread(text))):
        bare = (c for c in unicodedata.normalize("NFD", word.lower())
                if unicodedata.category(c) != "Mn")
        parts = "".join(f" {c} " if is_punctuation(c) else c for c in bare)
        yield from parts.split()


def pieces(word, vocabulary):
    """The longest entries from the left, or one unknown for the whole word."""
    found, start = [], 0
    while start < len(word) <= LONGEST_WORD:
        for end in range(len(word), start, -1):
            number = vocabulary.get(("##" if start else "") + word[start:end])
            if number is not None:
                break
        else:
            return [vocabulary["[UNK]"]]
        found.append(number)
        start = end
    return found or [vocabulary["[UNK]"]]


def encode(text, vocabulary, context_length):
    """Ids without padding."""
    inner = []
    for word in words(text):
        inner += pieces(word, vocabulary)
        if len(inner) >= context_length:
            break
    return [vocabulary["[CLS]"], *inner[: context_length - 2], vocabulary["[SEP]"]]
