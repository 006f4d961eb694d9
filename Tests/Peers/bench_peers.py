#!/usr/bin/env python3
"""duiqi beside what a user would run instead: every row of one table, in one run.

    make bench-peers

Runs, one after the other: training_peers.py (PyTorch), embed_peers.py (onnxruntime, Pillow) and the
suites of Benchmarks for whole steps, large batches and checkpoints. Each measures both sides in turn.
The table, with ratios, goes to standard output and, after a whole run, between the two marks of
docs/performance.md; rows that fall short of what was set out to be reached say so.

With --only, parts are measured again and the others taken from FOLDER's results of before.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys

BEGIN, END = "<!-- bench-peers: begin -->", "<!-- bench-peers: end -->"
HERE = pathlib.Path(__file__).resolve().parent
PARTS = ("training", "embed", "steps", "batches", "checkpoints")


class Measurement:
    """The parts, each a process of its own whose last words are figures."""

    def __init__(self, options):
        self.options = options

    def shown(self, *command):
        """Runs a command, shows what it says, and returns its last line."""
        last = ""
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                              text=True) as process:
            for line in process.stdout:
                if not line.startswith("{"):
                    print(line, end="", flush=True)
                last = line
        if process.returncode:
            sys.exit(f"{command[0]} ended with {process.returncode}.")
        return last

    def script(self, name, *arguments):
        return json.loads(self.shown(
            sys.executable, HERE / name, self.options.folder / "model-files", "--duiqi",
            self.options.duiqi, *arguments))

    def suite(self, name, *arguments):
        path = self.options.folder / f"{name}.json"
        self.shown(self.options.benchmarks, "--only", name, "--json", path, *arguments)
        return json.loads(path.read_text())

    def training(self):
        return self.script("training_peers.py")

    def embed(self):
        return self.script("embed_peers.py", "--benchmarks", self.options.benchmarks)

    def steps(self):
        return {"float32": self.suite("steps", "--real-size"),
                "bfloat16": self.suite("steps", "--real-size", "--bfloat16")}

    def batches(self):
        # What else is resident (weights, moments, gradients, embeddings) takes about 3 GiB.
        return self.suite("batches", "--bfloat16", "--memory-budget", "2560")

    def checkpoints(self):
        return self.suite("checkpoints", "--real-size", "--bfloat16")


class Table:
    """What was measured, against what, the ratio, and what was to be reached."""

    def __init__(self):
        self.rows = []

    def add(self, what, ours, theirs, ratio="", reach="", is_reached=None):
        verdict = {None: "", True: "reached", False: "**not reached**"}[is_reached]
        self.rows.append(f"| {what} | {ours} | {theirs} | {ratio} | {reach} | {verdict} |")

    def times(self, what, ours, theirs, ratio, reach):
        self.add(what, ours, theirs, f"{ratio:.2f}x", f"{reach:g}x", ratio >= reach)

    def at_most(self, what, ours, theirs, ratio, reach):
        self.add(what, ours, theirs, f"{ratio:.2f}x", f"at most {reach:g}x", ratio <= reach)

    def share(self, what, ours, theirs, share, reach):
        self.add(what, ours, theirs, f"{100 * share:.0f} %", f"{100 * reach:.0f} %", share >= reach)

    def text(self):
        return "\n".join(["| what | duiqi | against | ratio | to reach | |",
                          "| --- | --- | --- | --- | --- | --- |"] + self.rows)


def add_training(table, found):
    reach = {"locked, tower run again": 12, "locked, embeddings given": 2.5,
             "both towers trained": 3}
    titles = {
        "locked, tower run again": "training, image tower locked; the peer runs it in every step "
                                   "and pads to 52 tokens",
        "locked, embeddings given": "the same, image embeddings given to both; the peer pads to "
                                    "the longest of a batch",
        "both towers trained": "training, both towers"}
    for row in found["rows"]:
        table.times(
            titles[row["row"]],
            f"{row['duiqi']:.1f} pairs/s (Float32 {row['duiqi_float32']:.1f})",
            f"{row['peer_setting']}: {row['peer']:.2f} pairs/s", row["ratio"], reach[row["row"]])


def add_steps(table, found):
    for precision, reach, bound in (("float32", 0.8, "sgemm"), ("bfloat16", 0.75, "twice sgemm")):
        for name, title in (("locked", "image tower locked, 112 pairs"),
                            ("both", "both towers trained, 8 pairs")):
            part = found[precision]
            share, speed = part[f"steps/{name}_share"], part[f"steps/{name}_gflops"]
            table.share(f"a whole step, {title}, {precision}", f"{speed:.0f} GFLOP/s",
                        f"{bound}: {speed / share:.0f} GFLOP/s", share, reach)


def add_batches(table, found):
    large, small = found["batches/seconds_per_pair"], found["batches/small_seconds_per_pair"]
    count, memory = int(found["batches/pairs"]), found["batches/peak_bytes"] / 2**30
    table.at_most(f"a contrastive batch of {count:,}, image tower locked, time of a pair",
                  f"{1000 * large:.1f} ms", f"batch of 256: {1000 * small:.1f} ms", large / small,
                  1.4)
    table.add("the same, resident memory", f"{memory:.2f} GiB", "", "", "6 GiB", memory < 6)


def add_embed(table, found):
    rows = found["rows"]

    def row(title, what, name, reach):
        part = rows[title]
        ours, theirs = part["seconds"][name], part["seconds"][part["peer"]]
        rate = part["count"]
        table.times(what, f"{rate / ours:.1f} a second",
                    f"{part['peer']}: {rate / theirs:.1f} a second", theirs / ours, reach)

    row("mixed texts", "`embed`, texts of mixed length, BF16", "duiqi bfloat16", 3)
    row("pictures", "`embed`, JPEG files, BF16; the peer from pixels", "duiqi bfloat16 from JPEG",
        1.8)
    row("equal texts", "`embed`, texts of equal length, Float32", "duiqi float32", 1)
    row("pictures", "`embed`, JPEG files, Float32; the peer from pixels",
        "duiqi float32 from JPEG", 1)
    row("JPEG to 224 px, one core", "a JPEG file to a normalized 224 px tensor, one core", "duiqi",
        1.5)


def add_checkpoints(table, found):
    def figure(name):
        return found[f"checkpoint/{name}"]

    gigabytes = figure("bytes") / 1e9
    table.share(f"a checkpoint of {gigabytes:.2f} GB, written, flushed, read back",
                f"{figure('write_seconds'):.2f} s",
                f"plain writing and a flush: {figure('plain_write_seconds'):.2f} s",
                figure("plain_write_seconds") / figure("write_seconds"), 0.8)
    stall = figure("longest_stall_seconds")
    table.add("the longest that steps stand still for one", f"{1000 * stall:.0f} ms",
              f"a step: {figure('step_seconds'):.2f} s", "", "50 ms", stall <= 0.05)
    table.add("a step beside which one is written", f"{figure('step_beside_seconds'):.2f} s",
              f"a step: {figure('step_seconds'):.2f} s",
              f"{figure('step_beside_seconds') / figure('step_seconds'):.2f}x")
    for name, title in (("disk", "from the disk"), ("cached", "cached by the system")):
        start, reading = figure(f"{name}_start_seconds"), figure(f"{name}_reading_seconds")
        table.at_most(f"from the start to the first step, {title}", f"{start:.2f} s",
                      f"reading the file once: {reading:.2f} s", start / reading, 1.5)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def written(options, results):
    table = Table()
    commits = dict.fromkeys(results[part]["commit"] for part in PARTS if part in results)
    for part, add in (("training", add_training), ("steps", add_steps), ("batches", add_batches),
                      ("embed", add_embed), ("checkpoints", add_checkpoints)):
        if part in results:
            add(table, results[part]["figures"])
    about = [f"{processor()}, {len(os.sched_getaffinity(0))} cores",
             f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
             f"{datetime.date.today()}"]
    if "training" in results:
        about.append(f"PyTorch {results['training']['figures']['torch']}")
    if "embed" in results:
        about.append(f"onnxruntime {results['embed']['figures']['onnxruntime']}")
    return f"{', '.join(about)}, commit {', '.join(commits)}.\n\n{table.text()}\n"


def commit():
    described = subprocess.run(["git", "describe", "--always", "--dirty=+", "--exclude", "*"],
                               capture_output=True, text=True).stdout.strip()
    return described or "unknown"


def put(path, text):
    whole = path.read_text()
    before, rest = whole.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, help="for models and results")
    parser.add_argument("--duiqi", type=pathlib.Path, required=True)
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True)
    parser.add_argument("--page", type=pathlib.Path, help="the page whose table is written anew")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {','.join(PARTS)}")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        sys.exit(f"There is no part {sorted(unknown)[0]}; there are {', '.join(PARTS)}.")
    options.folder.mkdir(parents=True, exist_ok=True)
    options.duiqi, options.benchmarks = options.duiqi.resolve(), options.benchmarks.resolve()
    path = options.folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for part in chosen:
        print(f"\n== {part}", flush=True)
        results[part] = {"commit": commit(), "figures": getattr(Measurement(options), part)()}
        path.write_text(json.dumps(results, indent=1))
    text = written(options, results)
    print(f"\n{text}")
    if options.page and set(results) == set(PARTS):
        put(options.page, text)
        print(f"Written into {options.page}.")


if __name__ == "__main__":
    sys.exit(main())
