"""Checkpoints of a miniature run through h5py, and the reader of docs/checkpoint-format.md.

Run by `make test-interoperability`, or by hand with the path of the executable:

    DUIQI=.build/debug/duiqi .venv/bin/python -m unittest discover -s Tests/Interoperability -v
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import h5py
import numpy

import read_checkpoint

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
VOCABULARY = REPOSITORY / "recipes/data/bert-chinese/vocab.txt"
SECTIONS = ("parameters", "optimizer/first_moment", "optimizer/second_moment")

RECIPE = f"""
run: miniature
seed: 3
model:
  family: chinese_clip
  configuration:
    image: {{ size: 16, patch: 8, width: 32, depth: 1, head_width: 16 }}
    text: {{ width: 48, depth: 1, head_width: 16, mlp_width: 64, maximum_positions: 24 }}
    embedding_width: 20
  train: ["image/**: locked", "**: trained"]
data:
  train: {REPOSITORY}/recipes/data/noto-emoji/validation.tar
  captions: zh
  vocabulary: {VOCABULARY}
  context_length: 16
objective:
  info_nce: {{ logit_scale_maximum: 100, repeated_pairs: masked }}
batch: {{ pairs: 32, tokens_per_chunk: 512, images_per_chunk: 32 }}
optimizer:
  adamw: {{ learning_rate: 1e-3, weight_decay: 0.05 }}
length: 3 steps
"""


@unittest.skipUnless("DUIQI" in os.environ, "DUIQI names no executable")
class CheckpointTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.root = pathlib.Path(cls.temporary.name)
        (cls.root / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
        subprocess.run(
            [os.environ["DUIQI"], "train", cls.root / "recipe.yaml", "--root", cls.root, "--quiet"],
            check=True)
        cls.folder = cls.root / "checkpoints/miniature"
        cls.path = cls.folder / "step-00000003.h5"
        cls.document, cls.parameters, cls.moments = read_checkpoint.read(cls.path)

    def datasets(self):
        """All datasets of the file with their paths; the file stays open until the test ends."""
        file = h5py.File(self.path, "r")
        self.addCleanup(file.close)
        found = []
        file.visititems(lambda path, item: found.append((path, item)))
        return [(path, item) for path, item in found if isinstance(item, h5py.Dataset)]

    def test_every_dataset_is_chunked_with_fletcher32_and_nothing_else(self):
        found = self.datasets()
        self.assertGreater(len(found), 50)
        for path, dataset in found:
            with self.subTest(path):
                self.assertIsNotNone(dataset.chunks)
                self.assertTrue(dataset.fletcher32)
                self.assertEqual(dataset.id.get_create_plist().get_nfilters(), 1)
                is_tensor = path.startswith(SECTIONS)
                self.assertEqual(dataset.dtype, numpy.dtype("<f4" if is_tensor else "u1"))

    def test_the_digest_covers_all_tensors_in_path_order(self):
        # Not by the reader's own functions.
        tensors = {p: d for p, d in self.datasets() if p.startswith("parameters/")}
        sha256 = hashlib.sha256()
        for path in sorted(tensors, key=lambda path: path.encode()):
            shape = () if "scalar" in tensors[path].attrs else tensors[path].shape
            sha256.update(path.removeprefix("parameters/").encode() + b"\0")
            for number in (len(shape), *shape):
                sha256.update(number.to_bytes(8, "little"))
            sha256.update(numpy.ascontiguousarray(tensors[path][()]).tobytes())
        with h5py.File(self.path, "r") as file:
            self.assertEqual(file.attrs["sha256"].decode(), sha256.hexdigest())

    def test_shapes_are_those_of_the_configuration(self):
        shapes = {path: tensor.shape for path, tensor in self.parameters.items()}
        count = VOCABULARY.read_bytes().count(b"\n")
        expected = {
            "logit_scale": (), "image/patch_embedding/weight": (32, 3, 8, 8),
            "image/class_embedding": (32,), "image/positions": (5, 32),
            "image/projection/weight": (20, 32), "text/embeddings/words": (count, 48),
            "text/embeddings/positions": (24, 48), "text/projection/weight": (20, 48),
            "text/blocks/0/mlp/hidden/weight": (64, 48),
        }
        self.assertEqual(shapes, shapes | expected)

    def test_moments_are_those_of_the_trained_parameters(self):
        trained = {p: t.shape for p, t in self.parameters.items() if not p.startswith("image/")}
        self.assertGreater(len(trained), 20)
        for kind in ("first_moment/", "second_moment/"):
            shapes = {
                path.removeprefix(kind): tensor.shape
                for path, tensor in self.moments.items() if path.startswith(kind)
            }
            self.assertEqual(shapes, trained)
        self.assertTrue(all((t >= 0).all() for p, t in self.moments.items() if "second" in p))

    def test_the_document_is_what_the_format_says(self):
        self.assertEqual(self.document["family"], b"chinese_clip")
        self.assertEqual(self.document["vocabulary"], VOCABULARY.read_bytes())
        self.assertIn(b"seed: 3\n", self.document["recipe"])
        configuration = json.loads(self.document["configuration"])
        self.assertEqual(configuration["embedding_width"], 20)
        self.assertEqual(int.from_bytes(self.document["run/step"], "little"), 3)
        with h5py.File(self.path, "r") as file:
            digest = hashlib.sha256(self.document["recipe"]).hexdigest()
            self.assertEqual(file["recipe"].attrs["sha256"].decode(), digest)

    def test_every_member_is_described(self):
        """Tables of the format's page name what is in the file, all of it and nothing else."""
        page = (REPOSITORY / "docs/checkpoint-format.md").read_text(encoding="utf-8")

        def described(heading):
            section = re.search(rf"\n#+ {heading}\n(.*?)(\n#|\Z)", page, re.DOTALL).group(1)
            return set(re.findall(r"^\| `([a-z0-9_./]+)`", section, re.MULTILINE))

        def flat(value, prefix=""):
            for name, part in value.items():
                if isinstance(part, dict):
                    yield from flat(part, f"{prefix}{name}.")
                else:
                    yield prefix + name

        for name in ("configuration", "preprocessing"):
            self.assertEqual(described(f"`{name}`"), set(flat(json.loads(self.document[name]))))
        run = {name.removeprefix("run/") for name in self.document if name.startswith("run/")}
        # Not in every run: of one with a validation, of one with a teacher.
        self.assertEqual(described("`run`") - {"best_value", "teacher_sha256"}, run)
        with h5py.File(self.path, "r") as file:
            self.assertEqual(described("Attributes of the file"), set(file.attrs))
            self.assertEqual(
                {name.split("/")[0] for name in described("Members")}, set(file))

    def test_last_is_a_link_to_the_newest(self):
        self.assertEqual(os.readlink(self.folder / "last.h5"), "step-00000003.h5")

    def test_the_reader_notices_what_was_changed(self):
        changes = {
            "sha256": ("parameters/logit_scale", 0, 1.0),
            "optimizer_sha256": ("optimizer/first_moment/logit_scale", 0, 1.0),
            "document_sha256": ("recipe", 0, 32),
        }
        for name, (path, index, value) in changes.items():
            copy = self.root / "copy.h5"
            shutil.copy(self.path, copy)
            with h5py.File(copy, "r+") as file:
                file[path][index] = value
            with self.assertRaisesRegex(ValueError, f"differ from {name}$"):
                read_checkpoint.read(copy)


class PageTests(unittest.TestCase):
    def test_the_page_shows_the_reader_as_it_is(self):
        page = (REPOSITORY / "docs/checkpoint-format.md").read_text(encoding="utf-8")
        script = pathlib.Path(read_checkpoint.__file__).read_text(encoding="utf-8")
        self.assertIn(f"```python\n{script}```\n", page)


if __name__ == "__main__":
    unittest.main()
