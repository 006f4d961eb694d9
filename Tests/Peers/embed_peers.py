"""`duiqi embed` beside onnxruntime on the encoders that `duiqi export` makes of a checkpoint.

    .venv-peers/bin/python Tests/Peers/embed_peers.py FOLDER --duiqi .build/release/duiqi \
        --benchmarks .build/release/Benchmarks

Weights are drawn, sizes are published ones. Both sides run on the same cores, one after the other,
in several rounds; a figure is the median of its rounds. What is measured:

- duiqi: the whole of `embed` once the checkpoint is loaded: reading and tokenizing texts, or
  reading, decoding, resizing and normalizing JPEG files, encoding, writing vectors. Its own figure
  (`--json`).
- onnxruntime: encoding alone, Float32, from token ids and pixels that lie ready, at the best of
  some batch sizes; texts in the file's order, each batch padded to its longest.

The last line on standard output is JSON: seconds by what and by whom, medians.
"""

import argparse
import io
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tarfile
import time

import numpy
import onnxruntime
from PIL import Image, ImageFilter

MEAN = numpy.array((0.48145466, 0.4578275, 0.40821073), numpy.float32)
DEVIATION = numpy.array((0.26862954, 0.26130258, 0.27577711), numpy.float32)
EMOJI = pathlib.Path(__file__).resolve().parents[2] / "recipes/data/noto-emoji"
EQUAL_TOKENS = 20


def run(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def make_checkpoint(folder, size_name, duiqi):
    """A published size with drawn weights, and its ONNX encoders."""
    checkpoint = folder / "model.h5"
    if not checkpoint.exists():
        import torch

        import parity_models
        size = parity_models.SIZES[size_name]
        torch.manual_seed(size.seed)
        size.kind.save(size.kind.make(size), size, folder)
        run(duiqi, "import", *size.kind.arguments(size, folder), "--output", checkpoint, "--quiet")
    if not (folder / "onnx/text_encoder.onnx").exists():
        run(duiqi, "export", checkpoint, "--profile", "onnx", "--output", folder / "onnx",
            "--quiet")
    return checkpoint


def names():
    """Chinese names and keywords of the emoji pairs."""
    found = []
    for shard in sorted(EMOJI.glob("*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                if member.name.endswith(".json"):
                    found += json.load(archive.extractfile(member))["zh"]
    return found


def make_texts(folder, count):
    """Names joined to captions of mixed length, of about 18 tokens in the mean, and characters in
    texts of equal length. A Chinese character is one token, and each text has two more."""
    draw = random.Random(1)
    words = names()
    mixed = []
    for _ in range(count):
        length = min(46, max(4, round(draw.lognormvariate(2.62, 0.5))))
        text = draw.choice(words)
        while len(text) < length:
            text += "，" + draw.choice(words)
        mixed.append(text[:length])
    characters = sorted({character for word in words for character in word
                         if "\u4e00" <= character <= "\u9fff"})
    equal = ["".join(draw.choices(characters, k=EQUAL_TOKENS - 2)) for _ in range(count)]
    for name, texts in (("mixed", mixed), ("equal", equal)):
        (folder / f"{name}.txt").write_text("".join(text + "\n" for text in texts))


def make_pictures(folder, count):
    """JPEG files of 640 x 480: gradients under noise of several sizes."""
    draw = numpy.random.default_rng(1)
    folder.mkdir(exist_ok=True)
    for number in range(count):
        rows, columns = numpy.mgrid[0:480, 0:640].astype(numpy.float32)
        picture = numpy.stack([
            128 + 90 * numpy.sin(rows / draw.uniform(40, 200) + columns / draw.uniform(40, 200))
            for _ in range(3)], axis=-1)
        for side, strength in ((60, 40), (240, 20), (480, 5)):
            noise = draw.normal(0, 1, (side, side * 4 // 3, 3))
            noise = Image.fromarray(numpy.clip(noise * 40 + 128, 0, 255).astype(numpy.uint8))
            noise = noise.resize((640, 480), Image.Resampling.BICUBIC)
            noise = noise.filter(ImageFilter.GaussianBlur(0.5))
            picture += (numpy.asarray(noise, numpy.float32) - 128) * strength / 40
        picture = Image.fromarray(numpy.clip(picture, 0, 255).astype(numpy.uint8))
        picture.save(folder / f"{number:04}.jpg", quality=88)


def prepared(data):
    """A picture as Pillow and numpy prepare it, [3, 224, 224]."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture = picture.resize((224, 224), Image.Resampling.BICUBIC)
    values = numpy.asarray(picture).astype(numpy.float32) / 255
    return ((values - MEAN) / DEVIATION).transpose(2, 0, 1)


class Encoder:
    """An exported encoder in onnxruntime."""

    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"])

    def texts(self, ids, batch):
        rows = []
        for start in range(0, len(ids), batch):
            part = ids[start:start + batch]
            width = max(len(row) for row in part)
            values = numpy.zeros((len(part), width), numpy.int64)
            mask = numpy.zeros_like(values)
            for row, tokens in enumerate(part):
                values[row, :len(tokens)] = tokens
                mask[row, :len(tokens)] = 1
            rows.append(self.session.run(
                None, {"input_ids": values, "attention_mask": mask})[0])
        return numpy.concatenate(rows)

    def pictures(self, pixels, batch):
        return numpy.concatenate([
            self.session.run(None, {"pixel_values": pixels[start:start + batch]})[0]
            for start in range(0, len(pixels), batch)])


class Duiqi:
    """`duiqi embed` in a process of its own."""

    def __init__(self, path, checkpoint, folder):
        self.path, self.checkpoint, self.folder = path, checkpoint, folder

    def embed(self, kind, source, precision):
        """Seconds, vectors, and what products were computed in."""
        output = run(self.path, "embed", self.checkpoint, f"--{kind}s", source, "--precision",
                     precision, "--output", self.folder / "vectors", "--json", "--quiet")
        report = json.loads(output)
        return (report["seconds"], numpy.load(self.folder / f"vectors/{kind}_embeddings.npy"),
                report["products"])


def seconds(body, *arguments):
    start = time.perf_counter()
    body(*arguments)
    return time.perf_counter() - start


def jpeg_seconds(data):
    for item in data:
        prepared(item)


class Comparison:
    """Ways to embed the same things, measured in turn."""

    def __init__(self, title, count, unit):
        self.title, self.count, self.unit = title, count, unit
        self.ways = {}

    def add(self, name, measure):
        self.ways[name] = (measure, [])

    def round(self):
        for name, (measure, times) in self.ways.items():
            times.append(measure())
            print(f"{self.title}, {name}: {self.count / times[-1]:.1f} {self.unit}/s",
                  file=sys.stderr, flush=True)

    def medians(self):
        return {name: statistics.median(times) for name, (_, times) in self.ways.items()}

    def lines(self, peer):
        base = statistics.median(self.ways[peer][1])
        for name, (_, times) in self.ways.items():
            middle = statistics.median(times)
            spread = f"{self.count / max(times):.1f} to {self.count / min(times):.1f}"
            yield [self.title, name, f"{self.count / middle:.1f} {self.unit}/s", spread,
                   f"{base / middle:.2f}x"]


def table(lines):
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def best_batch(encode, things, sizes):
    """The fastest of some batch sizes, after one run of each to warm up."""
    for size in sizes:
        encode(things[:size], size)
    few = things[:max(max(sizes), len(things) // 4)]
    return min(sizes, key=lambda size: seconds(encode, few, size))


def cosines(ours, theirs):
    """The smallest cosine between rows of both, and the largest difference of an element."""
    return (float((ours * theirs).sum(axis=1).min()), float(numpy.abs(ours - theirs).max()))


def compare_texts(folder, name, duiqi, encoder, options, notes):
    path = folder / f"{name}.txt"
    lines = [json.loads(line) for line in
             run(options.duiqi, "tokenize", duiqi.checkpoint, "--texts", path).splitlines()]
    ids = [line["ids"] for line in lines]
    lengths = [len(row) for row in ids]
    batch = best_batch(encoder.texts, ids, (8, 32, 128))
    notes.append(f"{name} texts: {len(ids)}, {statistics.mean(lengths):.1f} tokens in the mean, "
                 f"{max(lengths)} at most; onnxruntime's best batch: {batch}")
    comparison = Comparison(f"{name} texts", len(ids), "texts")
    peer = f"onnxruntime float32, batches of {batch}"
    comparison.add(peer, lambda: seconds(encoder.texts, ids, batch))
    if name == "mixed":
        ordered = sorted(ids, key=len)
        comparison.add("the same, sorted by length", lambda: seconds(encoder.texts, ordered, batch))
    for precision in ("float32", "bfloat16"):
        _, vectors, products = duiqi.embed("text", path, precision)
        notes.append("{} texts, {} ({}): smallest cosine to onnxruntime's {:.6f}, largest "
                     "difference {:.1e}".format(name, precision, products,
                                                *cosines(vectors, encoder.texts(ids, batch))))
        comparison.add(f"duiqi {precision}",
                       lambda precision=precision: duiqi.embed("text", path, precision)[0])
    return comparison, peer


def compare_pictures(folder, duiqi, encoder, notes):
    paths = sorted(folder.glob("*.jpg"))
    pixels = numpy.stack([prepared(path.read_bytes()) for path in paths])
    batch = best_batch(encoder.pictures, pixels, (1, 8, 32))
    size = statistics.mean(path.stat().st_size for path in paths) / 1024
    notes.append(f"pictures: {len(paths)} JPEG files of 640 x 480, {size:.0f} KiB in the mean; "
                 f"onnxruntime's best batch: {batch}")
    comparison = Comparison("pictures", len(paths), "pictures")
    peer = f"onnxruntime float32 from pixels, batches of {batch}"
    comparison.add(peer, lambda: seconds(encoder.pictures, pixels, batch))
    comparison.add("the same, and Pillow before it",
                   lambda: seconds(jpeg_seconds, [path.read_bytes() for path in paths])
                   + seconds(encoder.pictures, pixels, batch))
    for precision in ("float32", "bfloat16"):
        _, vectors, products = duiqi.embed("image", folder, precision)
        notes.append("pictures, {} ({}): smallest cosine to onnxruntime's {:.6f}, largest "
                     "difference {:.1e}".format(precision, products, *cosines(
                         vectors, encoder.pictures(pixels, batch))))
        comparison.add(f"duiqi {precision} from JPEG",
                       lambda precision=precision: duiqi.embed("image", folder, precision)[0])
    return comparison, peer


def compare_decoding(folder, benchmarks):
    data = [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]

    def ours():
        output = run(benchmarks, "--only", "pictures", "--pictures", folder)
        return len(data) / float(re.search(r"one core +([0-9.]+)", output)[1])

    comparison = Comparison("JPEG to 224 px, one core", len(data), "pictures")
    comparison.add("Pillow and numpy", lambda: seconds(jpeg_seconds, data))
    comparison.add("duiqi", ours)
    return comparison, "Pillow and numpy"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="for the model and what is embedded")
    parser.add_argument("--duiqi", type=pathlib.Path, required=True)
    parser.add_argument("--benchmarks", type=pathlib.Path, help="adds the decoding of JPEG files")
    parser.add_argument("--size", default="vit-b-16", help="one of parity_models.SIZES")
    parser.add_argument("--texts", type=int, default=768)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))[:options.threads]
    if len(cores) < options.threads:
        sys.exit(f"{options.threads} threads need as many cores; {len(cores)} may be used.")
    # What this process starts stays on these cores too.
    os.sched_setaffinity(0, cores)
    options.duiqi = options.duiqi.resolve()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = make_checkpoint(folder, options.size, options.duiqi)
    make_texts(folder, options.texts)
    make_pictures(folder / f"pictures-{options.pictures}", options.pictures)

    duiqi = Duiqi(options.duiqi, checkpoint, folder)
    notes = []
    text_encoder = Encoder(folder / "onnx/text_encoder.onnx", options.threads)
    comparisons = [compare_texts(folder, name, duiqi, text_encoder, options, notes)
                   for name in ("equal", "mixed")]
    pictures = folder / f"pictures-{options.pictures}"
    image_encoder = Encoder(folder / "onnx/image_encoder.onnx", options.threads)
    comparisons.append(compare_pictures(pictures, duiqi, image_encoder, notes))
    if options.benchmarks:
        comparisons.append(compare_decoding(pictures, options.benchmarks.resolve()))
    for _ in range(options.rounds):
        for comparison, _ in comparisons:
            comparison.round()
    print(f"{options.size}, {options.threads} threads, medians of {options.rounds} rounds, "
          f"onnxruntime {onnxruntime.__version__}, load {os.getloadavg()[0]:.1f}")
    for note in notes:
        print(f"- {note}")
    table([["what", "by", "rate", "slowest to fastest", "to the first"]]
          + [line for comparison, peer in comparisons for line in comparison.lines(peer)])
    print(json.dumps({"onnxruntime": onnxruntime.__version__, "rows": {
        comparison.title: {"count": comparison.count, "peer": peer, "seconds": comparison.medians()}
        for comparison, peer in comparisons}}))


if __name__ == "__main__":
    main()
