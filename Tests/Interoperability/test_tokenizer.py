"""Token ids of `duiqi tokenize` against the rules of the original tokenizer, over 70,000 texts.

Run by `make test-interoperability`, or by hand with the path of the executable:

    DUIQI=.build/debug/duiqi .venv/bin/python -m unittest discover -s Tests/Interoperability -v
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import original_tokenizer
import tokenizer_texts

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CONTEXT_LENGTH = 512

RECIPE = f"""
run: tokenizer
seed: 3
model:
  family: chinese_clip
  configuration:
    image: {{ size: 16, patch: 16, width: 16, depth: 1, head_width: 16 }}
    text: {{ width: 16, depth: 1, head_width: 16, mlp_width: 16 }}
    embedding_width: 8
  train: ["logit_scale: trained", "**: locked"]
data:
  train: {REPOSITORY}/recipes/data/noto-emoji/test.tar
  captions: zh
  vocabulary: {tokenizer_texts.VOCABULARY}
  context_length: {CONTEXT_LENGTH}
objective:
  info_nce: {{ logit_scale_maximum: 100 }}
batch: {{ pairs: 2 }}
optimizer:
  adamw: {{ learning_rate: 1e-3, weight_decay: 0 }}
length: 1 steps
"""


@unittest.skipUnless("DUIQI" in os.environ, "needs DUIQI, the path of the executable")
class TokenizerTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        (cls.folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
        subprocess.run(
            [os.environ["DUIQI"], "train", cls.folder / "recipe.yaml", "--root", cls.folder,
             "--quiet"], check=True)
        cls.checkpoint = cls.folder / "checkpoints/tokenizer/last.h5"
        cls.vocabulary = original_tokenizer.read_vocabulary(tokenizer_texts.VOCABULARY)

    def tokenize(self, content):
        path = self.folder / "texts.txt"
        path.write_bytes(content)
        return subprocess.run(
            [os.environ["DUIQI"], "tokenize", self.checkpoint, "--texts", path, "--quiet"],
            capture_output=True, check=False)

    def test_ids_are_those_of_the_original(self):
        texts = tokenizer_texts.texts()
        self.assertGreater(len(texts), 60_000)
        self.assertGreaterEqual(sum(len(text.encode()) >= 10_000 for text in texts), 20)
        run = self.tokenize("".join(text + "\n" for text in texts).encode())
        self.assertEqual(run.returncode, 0, run.stderr)
        rows = [json.loads(line) for line in run.stdout.decode().split("\n")[:-1]]
        self.assertEqual(len(rows), len(texts))
        cut = 0
        for text, row in zip(texts, rows):
            self.assertEqual(row["text"], text)
            expected = original_tokenizer.encode(
                original_tokenizer.for_training(text), self.vocabulary, CONTEXT_LENGTH)
            self.assertEqual(row["ids"], expected, ascii(text[:80]))
            cut += row["truncated"]
        self.assertGreater(cut, 20)
        used = {number for row in rows for number in row["ids"]}
        print(f"{len(texts)} texts, {cut} of them cut, {len(used)} of {len(self.vocabulary)} entries")

    def test_a_lone_surrogate_is_refused_where_it_stands(self):
        run = self.tokenize("好\n".encode() + b"a\xed\xa0\x80b\n")
        self.assertEqual(run.returncode, 1)
        message = run.stderr.decode()
        self.assertIn("texts.txt:2", message)
        self.assertIn("not UTF-8", message)


if __name__ == "__main__":
    unittest.main()
