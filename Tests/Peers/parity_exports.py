"""What transformers, cn_clip and onnxruntime make of `duiqi export`: part of parity.py.

Each check gives rows (name, largest error, allowed, place). Weights that are missing, unexpected or
of another shape are an infinite error: transformers would only warn, and go on with drawn ones.
"""

import contextlib
import io
import math

import numpy
import onnxruntime
import torch
import transformers
from cn_clip.clip import load_from_name

from parity_models import original_class

# Largest errors allowed of an embedding's element: of the same numbers in other orders of
# addition, and of another program's products.
SAME, OTHER = 1e-5, 1e-4

# The original's names of the published sizes: towers, pixels.
PUBLISHED = {
    "rn50": ("RN50", "RBT3-chinese", 224),
    "vit-b-16": ("ViT-B-16", "RoBERTa-wwm-ext-base-chinese", 224),
    "vit-l-14": ("ViT-L-14", "RoBERTa-wwm-ext-base-chinese", 224),
    "vit-l-14-336": ("ViT-L-14-336", "RoBERTa-wwm-ext-base-chinese", 336),
    "vit-h-14": ("ViT-H-14", "RoBERTa-wwm-ext-large-chinese", 224),
}


def largest(found, expected):
    error = (found - expected).abs().max() if found.shape == expected.shape else torch.tensor(1e9)
    return error.item() if error.isfinite() else math.inf


def huggingface_rows(folder, pixels, ids, reference):
    model, report = transformers.ChineseCLIPModel.from_pretrained(folder, output_loading_info=True)
    wrong = [name for part in report.values() for name in part]
    with torch.no_grad():
        output = model.eval()(
            input_ids=ids, attention_mask=(ids != 0).long(), pixel_values=pixels)
    error = max(largest(output.image_embeds, reference["image_embeddings"]),
                largest(output.text_embeds, reference["text_embeddings"]))
    return [("transformers: wrong weights", float(len(wrong)), 0, str(wrong[:3]) if wrong else ""),
            ("transformers: embeddings", error, SAME, "")]


def original_rows(path, name, size, pixels, ids, reference):
    """The original's class from our file; the original's own loader where it knows the size."""
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    state = {key.removeprefix("module."): value for key, value in state.items()}
    model = original_class(size)
    # Strict: any name that is missing or too many is an error.
    model.load_state_dict(state)
    with torch.no_grad():
        image, text, _ = model(pixels, ids)
    error = max(largest(image, reference["image_embeddings"]),
                largest(text, reference["text_embeddings"]))
    rows = [("cn_clip: embeddings", error, SAME, "")]
    if name in PUBLISHED:
        image_name, text_name, image_size = PUBLISHED[name]
        with contextlib.redirect_stdout(io.StringIO()):
            loaded, _ = load_from_name(
                str(path), device="cpu", vision_model_name=image_name, text_model_name=text_name,
                input_resolution=image_size)
        # It rounds most weights to Float16 on the way.
        wrong = [key for key, value in loaded.state_dict().items()
                 if not (torch.equal(value, state[key])
                         or torch.equal(value, state[key].half().float()))]
        rows.append(("cn_clip's load: wrong weights", float(len(wrong)), 0, str(wrong[:3])
                     if wrong else ""))
    return rows


def onnx_rows(prefix, context, pixels, ids, reference):
    rows = []
    texts = torch.zeros(len(ids), context, dtype=torch.long)
    texts[:, : ids.shape[1]] = ids
    for kind, name, values in (("img", "image", pixels), ("txt", "text", texts)):
        session = onnxruntime.InferenceSession(
            f"{prefix}.{kind}.fp32.onnx", providers=["CPUExecutionProvider"])
        # The original's files take one at a time.
        found = [session.run([f"unnorm_{name}_features"], {name: value[None].numpy()})[0]
                 for value in values]
        found = torch.from_numpy(numpy.concatenate(found))
        found = found / found.norm(dim=-1, keepdim=True)
        error = largest(found, reference[f"{name}_embeddings"])
        rows.append((f"onnxruntime: {name} features", error, OTHER, ""))
    return rows
