"""Exported encoders and tokenizer, and embedded arrays, through other people's readers.

Run by `make test-interoperability`, or by hand with the path of the executable:

    DUIQI=.build/debug/duiqi .venv/bin/python -m unittest discover -s Tests/Interoperability -v
"""

import json
import os
import pathlib
import struct
import subprocess
import tarfile
import tempfile
import unittest
import zlib

import numpy
import onnx
import onnxruntime
import tokenizers

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
EMOJI = REPOSITORY / "recipes/data/noto-emoji"
TOLERANCE = 1e-4
IMAGE_SIZE = 32
CONTEXT_LENGTH = 24

RECIPE = f"""
run: export
seed: 3
model:
  family: chinese_clip
  configuration:
    image: {{ size: {IMAGE_SIZE}, patch: 8, width: 48, depth: 2, head_width: 16 }}
    text: {{ width: 32, depth: 2, head_width: 16, mlp_width: 64, maximum_positions: 40 }}
    embedding_width: 24
  train: ["**: trained"]
data:
  train: {EMOJI}/validation.tar
  captions: zh
  vocabulary: {REPOSITORY}/recipes/data/bert-chinese/vocab.txt
  context_length: {CONTEXT_LENGTH}
objective:
  info_nce: {{ logit_scale_maximum: 100, repeated_pairs: masked }}
batch: {{ pairs: 32, tokens_per_chunk: 512, images_per_chunk: 32 }}
optimizer:
  adamw: {{ learning_rate: 1e-3, weight_decay: 0.05 }}
length: 2 steps
"""

# What the usual tokenizer.json of a BERT model gets wrong, and what is cut.
EDGE_TEXTS = [
    "",
    "“弯引号”和\"直引号\"",
    "[MASK] 与 [SEP] 是字",
    "a" * 150 + " 后面",
    "b" * 201 + " 后面",
    "私用 \ue000 字符",
    "ΟΔΟΣ ΣΟΦΙΑ",
    "Ünïcödé Naïve",
    "全角ＡＢＣ１２３",
    "한국어와 日本語",
    "长" * 60,
    "emoji 😀👩‍👩‍👧 和 🇨🇳",
]


def duiqi(*arguments):
    run = subprocess.run(
        [os.environ["DUIQI"], *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise AssertionError(f"duiqi {arguments} ended with {run.returncode}: {run.stderr}")
    return run.stdout


def emoji_texts():
    texts = []
    for shard in ("train", "validation", "test"):
        with tarfile.open(EMOJI / f"{shard}.tar") as archive:
            for member in archive:
                if member.name.endswith(".json"):
                    fields = json.load(archive.extractfile(member))
                    for value in fields.values():
                        texts += [value] if isinstance(value, str) else value
    return [text for text in texts if isinstance(text, str) and "\n" not in text]


def png(pixels):
    """A PNG of 8-bit RGB pixels [height, width, 3]."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def session(path):
    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@unittest.skipUnless("DUIQI" in os.environ, "needs DUIQI, the path of the executable")
class ExportTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        (cls.folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
        duiqi("train", cls.folder / "recipe.yaml", "--root", cls.folder, "--quiet")
        cls.checkpoint = cls.folder / "checkpoints/export/last.h5"
        duiqi("export", cls.checkpoint, "--profile", "onnx", "--output", cls.folder / "onnx")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def embed(self, name, *arguments):
        output = self.folder / name
        duiqi("embed", self.checkpoint, *arguments, "--output", output)
        return output

    def tokenized(self, texts):
        path = self.folder / "texts.txt"
        path.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        lines = duiqi("tokenize", self.checkpoint, "--texts", path).splitlines()
        rows = [json.loads(line) for line in lines]
        self.assertEqual([row["text"] for row in rows], texts)
        return path, rows

    def test_text_encoder_gives_what_embed_gives(self):
        encoder = session(self.folder / "onnx/text_encoder.onnx")
        self.assertEqual(
            [(value.name, value.type, value.shape) for value in encoder.get_inputs()],
            [(name, "tensor(int64)", ["batch", "length"])
             for name in ("input_ids", "attention_mask")])
        self.assertEqual(
            [(value.name, value.shape) for value in encoder.get_outputs()],
            [("text_embeds", ["batch", 24])])
        # Three lengths: the two ends alone, a few words, cut to the context.
        for length, text in ((2, "{:.0}"), (9, "第{}张图片"), (CONTEXT_LENGTH, "很长的文字" * 9 + "{}")):
            for batch in (1, 3, 17):
                path, rows = self.tokenized([text.format(str(i)) for i in range(batch)])
                output = self.embed("texts", "--texts", path)
                expected = numpy.load(output / "text_embeddings.npy")
                ids = numpy.zeros((batch, length + 1), dtype=numpy.int64)
                mask = numpy.zeros_like(ids)
                for row, ids_of_text in enumerate(row["ids"] for row in rows):
                    ids[row, : len(ids_of_text)] = ids_of_text
                    mask[row, : len(ids_of_text)] = 1
                self.assertLessEqual(mask.sum(axis=1).max(), length)
                # Once with padding behind all, once without padding behind the longest.
                for end in (length + 1, int(mask.sum(axis=1).max())):
                    found, = encoder.run(
                        ["text_embeds"],
                        {"input_ids": ids[:, :end], "attention_mask": mask[:, :end]})
                    self.assertEqual(found.dtype, numpy.float32)
                    self.assertLess(abs(found - expected).max(), TOLERANCE)

    def test_image_encoder_gives_what_embed_gives(self):
        encoder = session(self.folder / "onnx/image_encoder.onnx")
        self.assertEqual(
            [(value.name, value.type, value.shape) for value in encoder.get_inputs()],
            [("pixel_values", "tensor(float)", ["batch", 3, IMAGE_SIZE, IMAGE_SIZE])])
        preparation = json.loads(
            (self.folder / "onnx/preprocessor_config.json").read_text(encoding="utf-8"))
        self.assertEqual(preparation["size"], {"height": IMAGE_SIZE, "width": IMAGE_SIZE})
        self.assertFalse(preparation["do_center_crop"])
        generator = numpy.random.default_rng(5)
        for batch in (1, 3, 17):
            pictures = self.folder / f"pictures-{batch}"
            pictures.mkdir()
            pixels = generator.integers(
                0, 256, (batch, IMAGE_SIZE, IMAGE_SIZE, 3), dtype=numpy.uint8)
            for index, picture in enumerate(pixels):
                (pictures / f"{index:02}.png").write_bytes(png(picture))
            output = self.embed("images", "--images", pictures)
            expected = numpy.load(output / "image_embeddings.npy")
            values = (
                pixels * preparation["rescale_factor"] - preparation["image_mean"]
            ) / preparation["image_std"]
            found, = encoder.run(
                ["image_embeds"],
                {"pixel_values": values.transpose(0, 3, 1, 2).astype(numpy.float32)})
            self.assertEqual(found.shape, (batch, 24))
            self.assertLess(abs(found - expected).max(), TOLERANCE)

    def test_encoders_carry_their_facts(self):
        report = json.loads(duiqi("inspect", self.checkpoint, "--json"))
        for name in ("text_encoder", "image_encoder"):
            model = onnx.load(self.folder / f"onnx/{name}.onnx")
            self.assertEqual(model.ir_version, 8)
            self.assertEqual([(one.domain, one.version) for one in model.opset_import], [("", 17)])
            facts = {entry.key: entry.value for entry in model.metadata_props}
            self.assertEqual(facts["duiqi.family"], "chinese_clip")
            self.assertEqual(facts["duiqi.context_length"], str(CONTEXT_LENGTH))
            self.assertEqual(facts["duiqi.image_size"], str(IMAGE_SIZE))
            self.assertEqual(facts["duiqi.resize_mode"], "squash")
            self.assertEqual(facts["duiqi.interpolation"], "bicubic")
            self.assertEqual(facts["duiqi.checkpoint_sha256"], report["sha256"])
            self.assertEqual(facts["duiqi.version"], report["tool_version"])
            self.assertEqual(len(json.loads(facts["duiqi.image_mean"])), 3)
            self.assertEqual(len(json.loads(facts["duiqi.image_std"])), 3)
            self.assertAlmostEqual(float(facts["duiqi.logit_scale"]), 14.28, delta=0.5)

    def test_tokenizer_json_gives_our_ids(self):
        tokenizer = tokenizers.Tokenizer.from_file(str(self.folder / "onnx/tokenizer.json"))
        texts = sorted(set(emoji_texts())) + EDGE_TEXTS
        self.assertGreater(len(texts), 5_000)
        _, rows = self.tokenized(texts)
        tokenizer.enable_truncation(CONTEXT_LENGTH)
        for row in rows:
            encoded = tokenizer.encode(row["text"])
            self.assertEqual(encoded.ids, row["ids"], row["text"])
            self.assertEqual(encoded.tokens, row["tokens"], row["text"])
        self.assertTrue(any(row["truncated"] for row in rows))

    def test_embedded_shards_are_rows_with_their_pairs(self):
        shard = EMOJI / "validation.tar"
        output = self.embed("shards", "--shards", shard, "--captions", "zh:first")
        for kind in ("text", "image"):
            array = numpy.load(output / f"{kind}_embeddings.npy")
            lines = (output / f"{kind}s.jsonl").read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines]
            self.assertEqual(array.dtype, numpy.float32)
            self.assertEqual(array.shape, (len(rows), 24))
            self.assertLess(abs(numpy.linalg.norm(array, axis=1) - 1).max(), 1e-5)
            self.assertEqual({row["shard"] for row in rows}, {str(shard)})
            self.assertEqual(len({row["key"] for row in rows}), len(rows))

    def test_evaluate_counts_as_numpy_does(self):
        shard = EMOJI / "validation.tar"
        output = self.embed("evaluated", "--shards", shard, "--captions", "zh")
        images = numpy.load(output / "image_embeddings.npy").astype(numpy.float64)
        texts = numpy.load(output / "text_embeddings.npy").astype(numpy.float64)
        keys = [json.loads(line)["key"] for line in
                (output / "images.jsonl").read_text(encoding="utf-8").splitlines()]
        partners = [keys.index(json.loads(line)["key"]) for line in
                    (output / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
        similarities = texts @ images.T
        own = similarities[numpy.arange(len(texts)), partners]
        ranks = (similarities >= own[:, None] - 1e-9).sum(axis=1)
        figures = json.loads(
            duiqi("evaluate", self.checkpoint, "--data", shard, "--captions", "zh", "--json"))
        self.assertEqual((figures["images"], figures["texts"]), similarities.T.shape)
        found = figures["text_to_image"]
        for limit in (1, 5, 10):
            # Products of Float32 may order a pair of near ties otherwise.
            self.assertAlmostEqual(
                found[f"recall@{limit}"], (ranks <= limit).mean(), delta=2.5 / len(texts))
        self.assertAlmostEqual(found["mean_rank"], ranks.mean(), delta=0.05)


if __name__ == "__main__":
    unittest.main()
