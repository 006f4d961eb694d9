#!/usr/bin/env python3
"""Loss curves of the quickstart's recipes, products in BF16 over products in Float32, in one picture.

    make precision-curves            (both stages, seeds 1, 2, 3: 20 to 30 minutes on two cores)

Each seed's runs differ in `precision` alone. Stage 2 starts from its own seed's and precision's tower. Printed
are the mean loss of the last tenth of the steps and the last validation's R@10, by seed: between precisions
they are to differ no more than between seeds. Runs that are in FOLDER already are gone on with.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

STAGES = ("emoji_clip_en", "emoji_lit_zh")
COLORS = {"float32": (31, 119, 180), "bfloat16": (214, 39, 40)}
WIDTH, HEIGHT, MARGIN, SCALE = 560, 420, 56, 2
RECIPES = pathlib.Path(__file__).resolve().parents[2] / "recipes"


def train(options, stage, precision, seed):
    """Rows of the run's log."""
    run = f"{stage}_{precision}_{seed}"
    settings = [f"run={run}", f"seed={seed}", f"precision={precision}", *options.set]
    if stage == STAGES[1]:
        tower = options.folder / f"checkpoints/{STAGES[0]}_{precision}_{seed}/last.h5"
        settings.append(f"model.image_from={tower.resolve()}")
    subprocess.run(
        [options.duiqi, "train", RECIPES / f"{stage}.yaml", "--root", options.folder, "--quiet",
         *(part for setting in settings for part in ("--set", setting))], check=True)
    lines = (options.folder / f"logs/{run}/metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def figures(rows):
    losses = [row["loss"] for row in rows if row["kind"] == "step"]
    recall = [row["text_to_image"]["recall@10"] for row in rows if row["kind"] == "validation"]
    return {"losses": losses, "last": statistics.mean(losses[-max(1, len(losses) // 10):]),
            "recall@10": recall[-1]}


def draw(curves, path):
    """A panel for each stage, a line for each run."""
    image = PIL.Image.new("RGB", (WIDTH * len(STAGES) * SCALE, HEIGHT * SCALE), "white")
    pen = PIL.ImageDraw.Draw(image)
    font = PIL.ImageFont.load_default(13 * SCALE)
    for panel, stage in enumerate(STAGES):
        runs = {key: run["losses"] for key, run in curves.items() if key[0] == stage}
        top = max(max(losses) for losses in runs.values())
        bottom = min(min(losses) for losses in runs.values())
        steps = max(len(losses) for losses in runs.values())
        left, right = panel * WIDTH + MARGIN, (panel + 1) * WIDTH - 16

        def place(step, loss):
            x = left + (right - left) * step / max(1, steps - 1)
            y = 36 + (HEIGHT - 36 - MARGIN) * (top - loss) / (top - bottom)
            return x * SCALE, y * SCALE

        for tick in range(5):
            loss = bottom + (top - bottom) * tick / 4
            pen.line([place(0, loss), place(steps - 1, loss)], fill=(225, 225, 225), width=SCALE)
            x, y = place(0, loss)
            pen.text((x - 8 * SCALE, y), f"{loss:.2f}", "black", font, anchor="rm")
        for tick in range(5):
            step = (steps - 1) * tick // 4
            x, y = place(step, bottom)
            pen.text((x, y + 8 * SCALE), f"{step + 1}", "black", font, anchor="mt")
        # Thin lines, the later ones on top: where both agree, both are seen.
        for (_, precision, seed), losses in sorted(runs.items(), key=lambda item: item[0][2]):
            points = [place(step, loss) for step, loss in enumerate(losses)]
            pen.line(points, fill=COLORS[precision], width=SCALE, joint="curve")
        pen.text((left * SCALE, 10 * SCALE), f"{stage}: loss by step", "black", font)
        for index, (precision, color) in enumerate(COLORS.items()):
            pen.text((right * SCALE, (10 + 18 * index) * SCALE), precision, color, font, anchor="ra")
    image.save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--duiqi", default=".build/release/duiqi", help="the executable")
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3))
    parser.add_argument("--set", action="append", default=[], help="passed on to every run")
    parser.add_argument("--picture", type=pathlib.Path,
                        default=pathlib.Path("docs/images/precision-curves.png"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    curves = {}
    for seed in options.seeds:
        for stage in STAGES:
            for precision in COLORS:
                run = figures(train(options, stage, precision, seed))
                curves[stage, precision, seed] = run
                print(f"{stage:14} {precision:9} seed {seed}: last loss {run['last']:.4f}, R@10 "
                      f"{100 * run['recall@10']:.1f} %", flush=True)
    draw(curves, options.picture)
    print(f"wrote {options.picture}")


if __name__ == "__main__":
    sys.exit(main())
