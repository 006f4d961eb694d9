"""Checks ONNX models with onnx's checker and onnxruntime.

    check_onnx.py CASES.json    every model of the list, run on inputs with known results
    check_onnx.py MODEL.onnx    the model alone: checked, loaded, its interface printed

CASES.json is a list of {"model": path beside the list, "tolerance": largest difference allowed,
"runs": [{"inputs": {name: tensor}, "outputs": {name: tensor}}]}, where a tensor is {"type":
"float32" or "int64", "sizes": [...], "values": [...]}. An output may have "rows": 1 for each row of
its last axis that counts, 0 for padding.

Exit code 1 names every model that is refused or differs.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime


def load(path):
    """A session of a model that passes the checker, shapes inferred and compared."""
    onnx.checker.check_model(str(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def array(tensor):
    return numpy.array(tensor["values"], dtype=tensor["type"]).reshape(tensor["sizes"])


def complaints(case, folder):
    session = load(folder / case["model"])
    for index, run in enumerate(case["runs"]):
        inputs = {name: array(tensor) for name, tensor in run["inputs"].items()}
        names = list(run["outputs"])
        for name, found in zip(names, session.run(names, inputs)):
            expected = array(run["outputs"][name])
            label = f"{case['model']}, run {index}, {name}"
            if found.dtype != expected.dtype or found.shape != expected.shape:
                yield f"{label}: {found.dtype}{found.shape}, not {expected.dtype}{expected.shape}"
                continue
            difference = abs(found - expected).reshape(-1, expected.shape[-1])
            counted = numpy.array(run["outputs"][name].get("rows", [1] * len(difference)))
            largest = difference[counted == 1].max(initial=0)
            if not largest <= case["tolerance"]:
                yield f"{label}: differs by {largest}, {case['tolerance']} is allowed"


def check_cases(path):
    found = []
    cases = json.loads(path.read_text(encoding="utf-8"))
    for case in cases:
        try:
            found.extend(complaints(case, path.parent))
        except Exception as error:  # Whatever a library refuses a model with is the finding.
            found.append(f"{case['model']}: {type(error).__name__}: {error}")
    for line in found:
        print(line)
    runs = sum(len(case["runs"]) for case in cases)
    print(f"{len(cases)} models, {runs} runs, {len(found)} faults")
    return not found and runs > 0


def describe(path):
    session = load(path)
    for kind, values in (("input", session.get_inputs()), ("output", session.get_outputs())):
        for value in values:
            print(f"{kind} {value.name}: {value.type} {value.shape}")
    for key, value in sorted(session.get_modelmeta().custom_metadata_map.items()):
        print(f"metadata {key}: {value}")
    return True


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = pathlib.Path(sys.argv[1])
    is_good = describe(path) if path.suffix == ".onnx" else check_cases(path)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
