"""Reads a run's event files with TensorBoard itself.

    check_tensorboard.py FOLDER

Fails if there is no curve, or if a curve's steps do not rise, as happens when the points that a
resumed run computed again are not dropped. Prints what was read as one JSON object:
{"scalars": {tag: [[step, value], ...]}, "texts": {tag: [text, ...]}}.
"""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def read(folder):
    events = EventAccumulator(folder, size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    scalars = {
        tag: [[point.step, point.value] for point in events.Scalars(tag)]
        for tag in sorted(tags["scalars"])
    }
    texts = {
        tag: [
            value.decode("utf-8")
            for event in events.Tensors(tag)
            for value in event.tensor_proto.string_val
        ]
        for tag in sorted(tags["tensors"])
    }
    return {"scalars": scalars, "texts": texts}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = read(sys.argv[1])
    if not found["scalars"]:
        sys.exit(f"{sys.argv[1]}: TensorBoard found no curve; expected event files with scalars.")
    for tag, points in found["scalars"].items():
        steps = [step for step, _ in points]
        if steps != sorted(set(steps)):
            sys.exit(f"{sys.argv[1]}: the steps of {tag} do not rise: {steps}")
    json.dump(found, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
