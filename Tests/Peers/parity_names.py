"""Our parameters' paths out of the names of transformers and of the original: part of parity.py."""

import re

# Of transformers' ChineseCLIPModel.
TRANSFORMERS = [
    (r"vision_model\.embeddings\.patch_embedding\.weight", "image/patch_embedding/weight"),
    (r"vision_model\.embeddings\.class_embedding", "image/class_embedding"),
    (r"vision_model\.embeddings\.position_embedding\.weight", "image/positions"),
    (r"vision_model\.pre_layrnorm\.(\w+)", r"image/pre_norm/\1"),
    (r"vision_model\.post_layernorm\.(\w+)", r"image/post_norm/\1"),
    (r"vision_model\.encoder\.layers\.(\d+)\.self_attn\.(query|key|value|output)\.(\w+)",
     r"image/blocks/\1/attention/\2/\3"),
    (r"vision_model\.encoder\.layers\.(\d+)\.layer_norm1\.(\w+)",
     r"image/blocks/\1/attention_norm/\2"),
    (r"vision_model\.encoder\.layers\.(\d+)\.layer_norm2\.(\w+)", r"image/blocks/\1/mlp_norm/\2"),
    (r"vision_model\.encoder\.layers\.(\d+)\.mlp\.fc1\.(\w+)", r"image/blocks/\1/mlp/hidden/\2"),
    (r"vision_model\.encoder\.layers\.(\d+)\.mlp\.fc2\.(\w+)", r"image/blocks/\1/mlp/output/\2"),
    (r"visual_projection\.weight", "image/projection/weight"),
    (r"text_model\.embeddings\.word_embeddings\.weight", "text/embeddings/words"),
    (r"text_model\.embeddings\.position_embeddings\.weight", "text/embeddings/positions"),
    (r"text_model\.embeddings\.token_type_embeddings\.weight", "text/embeddings/token_types"),
    (r"text_model\.embeddings\.LayerNorm\.(\w+)", r"text/embeddings/norm/\1"),
    (r"text_model\.encoder\.layer\.(\d+)\.attention\.self\.(query|key|value)\.(\w+)",
     r"text/blocks/\1/attention/\2/\3"),
    (r"text_model\.encoder\.layer\.(\d+)\.attention\.output\.dense\.(\w+)",
     r"text/blocks/\1/attention/output/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.(\w+)",
     r"text/blocks/\1/attention_norm/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.intermediate\.dense\.(\w+)",
     r"text/blocks/\1/mlp/hidden/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.output\.dense\.(\w+)", r"text/blocks/\1/mlp/output/\2"),
    (r"text_model\.encoder\.layer\.(\d+)\.output\.LayerNorm\.(\w+)", r"text/blocks/\1/mlp_norm/\2"),
    (r"text_projection\.weight", "text/projection/weight"),
    (r"logit_scale", "logit_scale"),
]


# Of cn_clip's CLIP with a residual image tower. Its text tower has the library's names within.
NORM = {"running_mean": "running_mean", "running_var": "running_variance",
        "num_batches_tracked": "chunk_count", "weight": "weight", "bias": "bias"}
PLACES = {"1": "reduction", "2": "convolution", "3": "expansion"}
POOL = {"q": "query", "k": "key", "v": "value", "c": "output"}


def transformers_path(key):
    for letter, word in (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"),
                         ("out_proj", "output")):
        key = key.replace(f"self_attn.{letter}", f"self_attn.{word}")
    for pattern, path in TRANSFORMERS:
        match = re.fullmatch(pattern, key)
        if match:
            return match.expand(path)
    raise KeyError(f"{key} is none of the model's parameters")


def original_path(key):
    if key == "text_projection":
        return "text/projection/weight"
    if key.startswith("bert."):
        return transformers_path("text_model." + key.removeprefix("bert."))
    if not key.startswith("visual."):
        return transformers_path(key)
    key = key.removeprefix("visual.")
    if match := re.fullmatch(r"(?:layer(\d)\.(\d+)\.)?(conv|bn)(\d)\.(\w+)", key):
        layer, block, kind, place, name = match.groups()
        owner = (f"image/stem/{int(place) - 1}" if layer is None
                 else f"image/layers/{int(layer) - 1}/{block}/{PLACES[place]}")
        return f"{owner}/weight" if kind == "conv" else f"{owner}/norm/{NORM[name]}"
    if match := re.fullmatch(r"layer(\d)\.(\d+)\.downsample\.([01])\.(\w+)", key):
        layer, block, part, name = match.groups()
        owner = f"image/layers/{int(layer) - 1}/{block}/shortcut"
        return f"{owner}/weight" if part == "0" else f"{owner}/norm/{NORM[name]}"
    if key == "attnpool.positional_embedding":
        return "image/pool/positions"
    if match := re.fullmatch(r"attnpool\.([qkvc])_proj\.(\w+)", key):
        return f"image/pool/{POOL[match[1]]}/{match[2]}"
    raise KeyError(f"visual.{key} is none of the model's parameters")
