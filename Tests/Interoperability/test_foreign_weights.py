"""Weights of Chinese-CLIP in and out: what PyTorch, transformers and cn_clip wrote comes back.

The files of Tests/Fixtures/foreign were written by these libraries; here safetensors' own reader,
Python's zip and pickle, tokenizers and onnxruntime look at what `duiqi export` makes of them. The
libraries themselves load the exports in Tests/Peers/parity.py.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import h5py
import numpy
import onnx
import onnxruntime
import safetensors
import safetensors.numpy
import tokenizers

import torch_archive

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures/foreign"
HEADS = ("--image-head-width", "8", "--text-head-width", "8")


def duiqi(*arguments):
    run = subprocess.run(
        [os.environ["DUIQI"], *map(str, arguments)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(f"duiqi {arguments} ended with {run.returncode}: {run.stderr}")
    return run.stdout


def original_names(state):
    """What cn_clip's loader makes of a state dict: the first name decides about the prefix."""
    if next(iter(state)).startswith("module"):
        state = {name[len("module."):]: value for name, value in state.items()
                 if "bert.pooler" not in name}
    return state


@unittest.skipUnless("DUIQI" in os.environ, "needs DUIQI, the path of the executable")
class ForeignWeightTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.checkpoint = cls.folder / "model.h5"
        cls.report = json.loads(duiqi(
            "import", FIXTURES / "huggingface", "--output", cls.checkpoint, "--json"))
        for profile in ("huggingface", "chinese-clip"):
            duiqi("export", cls.checkpoint, "--profile", profile, "--output",
                  cls.folder / profile, "--quiet")
        cls.expected = safetensors.numpy.load_file(FIXTURES / "expected.safetensors")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def assert_same(self, found, expected):
        self.assertEqual(set(found), set(expected))
        for name, value in expected.items():
            self.assertEqual(found[name].shape, value.shape, name)
            self.assertEqual(found[name].dtype, value.dtype, name)
            self.assertTrue(numpy.array_equal(found[name], value), name)

    def test_checkpoint_has_the_numbers_of_the_folder(self):
        weights = safetensors.numpy.load_file(FIXTURES / "huggingface/model.safetensors")
        with h5py.File(self.checkpoint) as file:
            for row in self.report["mapped"]:
                found = file[f"parameters/{row['path']}"][()]
                value = weights.pop(row["tensor"])
                self.assertEqual(found.size, value.size)
                self.assertTrue(numpy.array_equal(found.reshape(value.shape), value), row)
        self.assertEqual(weights, {})

    def test_huggingface_weights_come_back_bit_for_bit(self):
        path = self.folder / "huggingface/model.safetensors"
        self.assert_same(
            safetensors.numpy.load_file(path),
            safetensors.numpy.load_file(FIXTURES / "huggingface/model.safetensors"))
        with safetensors.safe_open(path, "numpy") as file:
            self.assertEqual(file.metadata(), {"format": "pt"})

    def test_huggingface_configuration_says_what_the_library_said(self):
        found, expected = (json.loads((folder / "config.json").read_text(encoding="utf-8"))
                           for folder in (self.folder / "huggingface", FIXTURES / "huggingface"))
        for part in (None, "text_config", "vision_config"):
            ours, theirs = (value if part is None else value[part] for value in (found, expected))
            for name, value in ours.items():
                if isinstance(value, (dict, list)) or name not in theirs:
                    continue
                self.assertEqual(value, theirs[name], name)
                self.assertIs(type(value), type(theirs[name]), name)
        self.assertEqual(found["architectures"], ["ChineseCLIPModel"])
        preparation, kept = (
            json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
            for folder in (self.folder / "huggingface", FIXTURES / "huggingface"))
        for name, value in kept.items():
            self.assertEqual(preparation[name], value, name)

    def test_huggingface_tokenizer_gives_the_ids_of_the_vocabulary(self):
        folder = self.folder / "huggingface"
        tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        encoded = tokenizer.encode("的一aa是 [MASK]")
        self.assertEqual(
            encoded.ids[:6],
            [words.index(word) for word in ("[CLS]", "的", "一", "a", "##a", "是")])
        self.assertNotIn(words.index("[MASK]"), encoded.ids)
        limits = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        self.assertEqual(limits["model_max_length"], 14)

    def test_original_weights_come_back_bit_for_bit(self):
        path = self.folder / "chinese-clip/clip_cn_model.pt"
        loaded = torch_archive.load(path)
        self.assertEqual(
            {name: loaded[name] for name in loaded if name != "state_dict"},
            {"epoch": 0, "step": 0, "name": "duiqi"})
        self.assertTrue(all(name.startswith("module.") for name in loaded["state_dict"]))
        self.assertEqual(
            list(loaded["state_dict"])[:2], ["module.text_projection", "module.logit_scale"])
        self.assert_same(
            original_names(loaded["state_dict"]), torch_archive.load(FIXTURES / "plain.pt"))
        self.assertTrue(all(place % 64 == 0 for place in torch_archive.offsets(path).values()))

    def test_residual_weights_come_back_with_their_counts_as_whole_numbers(self):
        checkpoint, folder = self.folder / "residual.h5", self.folder / "residual"
        duiqi("import", FIXTURES / "residual.pt", "--output", checkpoint, "--quiet",
              "--image-head-width", "32", "--text-head-width", "8")
        duiqi("export", checkpoint, "--profile", "chinese-clip", "--output", folder, "--quiet")
        path, = folder.glob("*.pt")
        found = original_names(torch_archive.load(path)["state_dict"])
        original = torch_archive.load(FIXTURES / "residual.pt")["state_dict"]
        self.assert_same(found, original_names(original))
        self.assertEqual(sum(value.dtype == numpy.int64 for value in found.values()), 22)

    def test_original_checkpoint_of_a_training_is_what_the_reader_says(self):
        loaded = torch_archive.load(FIXTURES / "training.pt")
        self.assertEqual((loaded["epoch"], loaded["step"]), (7, 40000))
        self.assert_same(
            original_names(loaded["state_dict"]), torch_archive.load(FIXTURES / "plain.pt"))

    def test_original_onnx_files_give_the_original_features(self):
        ids = self.expected["ids"].astype(numpy.int64)
        texts = numpy.zeros((len(ids), 14), dtype=numpy.int64)
        texts[:, : ids.shape[1]] = ids
        pixels = self.expected["pixels"]
        for name, key, values in (("txt", "text", texts), ("img", "image", pixels)):
            path = self.folder / f"chinese-clip/model.{name}.fp32.onnx"
            onnx.checker.check_model(str(path), full_check=True)
            model = onnx.load(path)
            self.assertEqual([(one.domain, one.version) for one in model.opset_import], [("", 13)])
            session = onnxruntime.InferenceSession(
                str(path), providers=["CPUExecutionProvider"])
            given, = session.get_inputs()
            made, = session.get_outputs()
            self.assertEqual((given.name, given.shape), (key, [1, *values.shape[1:]]))
            self.assertEqual((made.name, made.shape), (f"unnorm_{key}_features", [1, 8]))
            for row, expected in zip(values, self.expected[key]):
                feature, = session.run(None, {key: row[None]})
                length = numpy.linalg.norm(feature)
                self.assertGreater(abs(length - 1), 1e-2)
                self.assertLess(abs(feature[0] / length - expected).max(), 2e-6)

    def test_every_form_is_the_same_model(self):
        digests = {self.report["sha256"]}
        for name in ("plain.pt", "training.pt", "huggingface_sharded", "huggingface_old"):
            # A folder says itself how wide its heads are.
            heads = HEADS if name.endswith(".pt") else ()
            report = json.loads(duiqi(
                "import", FIXTURES / name, "--output", self.folder / "again.h5", "--json", *heads))
            digests.add(report["sha256"])
        self.assertEqual(len(digests), 1)


if __name__ == "__main__":
    unittest.main()
