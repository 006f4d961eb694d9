"""A run that is killed at random ends with the bits of one that is not.

    DUIQI=.build/release/duiqi python -m unittest Tests/Interoperability/test_exact_resume.py

DUIQI_RECIPE and DUIQI_KILLS choose another recipe and more kills: the real thing is
`DUIQI_RECIPE=recipes/emoji_lit_zh.yaml DUIQI_KILLS=10`.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import h5py
import numpy

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

MINIATURE = """
run: miniature
seed: 5
model:
  family: chinese_clip
  configuration:
    image: { size: 32, patch: 8, width: 64, depth: 2, head_width: 32 }
    text: { width: 64, depth: 2, head_width: 32, mlp_width: 128, maximum_positions: 16 }
    embedding_width: 32
  train: ["**: trained"]
  dropout: 0.1
data:
  train: DATA/noto-emoji/test.tar
  validation: DATA/noto-emoji/test.tar
  captions: zh
  validation_captions: zh:first
  vocabulary: DATA/bert-chinese/vocab.txt
  context_length: 16
  augmentation: roll(2)
objective:
  info_nce: { logit_scale_maximum: 100, repeated_pairs: masked }
batch: { pairs: 64, tokens_per_chunk: 256, images_per_chunk: 16 }
optimizer:
  adamw: { learning_rate: 1e-3, weight_decay: 0.05 }
  schedule: { cosine: { warmup: 5 steps } }
  clip_gradient_norm: 1.0
length: 30 steps
validate: { every: 10 steps }
checkpoints: { every: 2 steps, keep: 3 }
"""


def arrays(path):
    """Every dataset of a checkpoint as bytes, and the counters of its run."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.__setitem__(name, numpy.asarray(item).tobytes())
            if isinstance(item, h5py.Dataset) and name != "recipe" else None)
        found["run"] = {name: str(value) for name, value in file["run"].attrs.items()}
    return found


def rows(root, run):
    """The log's rows without what a clock decides."""
    with open(f"{root}/logs/{run}/metrics.jsonl") as file:
        found = [json.loads(line) for line in file]
    for row in found:
        row.pop("pairs_per_second", None)
        row.pop("data_wait_seconds", None)
    return found


@unittest.skipUnless("DUIQI" in os.environ, "DUIQI names the executable")
class ExactResume(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.recipe = os.environ.get("DUIQI_RECIPE")
        if not self.recipe:
            self.recipe = f"{self.folder}/miniature.yaml"
            with open(self.recipe, "w") as file:
                file.write(MINIATURE.replace("DATA", f"{REPOSITORY}/recipes/data"))

    def start(self, root):
        return subprocess.Popen(
            [os.environ["DUIQI"], "train", self.recipe, "--set", "run=kill", "--root",
             f"{self.folder}/{root}", "--quiet"])

    def compare(self):
        whole, broken = (f"{self.folder}/{root}/checkpoints/kill" for root in ("a", "b"))
        for name in ("last.h5", "best.h5"):
            self.assertEqual(
                os.readlink(f"{whole}/{name}"), os.readlink(f"{broken}/{name}"), name)
            expected, found = arrays(f"{whole}/{name}"), arrays(f"{broken}/{name}")
            self.assertEqual(expected.keys(), found.keys())
            for key in expected:
                self.assertEqual(expected[key], found[key], f"{name}: {key}")
        self.assertEqual(rows(f"{self.folder}/a", "kill"), rows(f"{self.folder}/b", "kill"))
        # Nothing half-written is left under any name.
        self.assertEqual([name for name in os.listdir(broken) if "tmp" in name], [])

    def test_killed_runs_end_with_the_same_bits(self):
        begin = time.monotonic()
        self.assertEqual(self.start("a").wait(), 0)
        seconds = time.monotonic() - begin
        generator = random.Random(os.environ.get("DUIQI_KILL_SEED", "1"))
        kills = 0
        limit = int(os.environ.get("DUIQI_KILLS", "4"))
        while kills < limit:
            process = self.start("b")
            try:
                # Late enough to get somewhere, early enough that all kills come before the end.
                process.wait(timeout=generator.uniform(0.2, 1.0) * 1.5 * seconds / limit)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                kills += 1
                continue
            break
        self.assertEqual(self.start("b").wait(), 0)
        print(f"\n{kills} kills, an unbroken run takes {seconds:.1f} s", flush=True)
        self.assertGreater(kills, 0)
        self.compare()

    def test_a_signal_saves_and_the_run_goes_on(self):
        self.assertEqual(self.start("a").wait(), 0)
        process = self.start("b")
        while not os.path.exists(f"{self.folder}/b/checkpoints/kill/last.h5"):
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        # A run that was about to end may end by itself.
        self.assertIn(process.wait(), (143, 0))
        self.assertEqual(self.start("b").wait(), 0)
        self.compare()


if __name__ == "__main__":
    unittest.main()
