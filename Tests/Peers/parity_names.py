"""Our parameters' paths out of transformers' names of a ChineseCLIPModel: part of parity.py."""

import re

# Our paths out of the library's names.
PATHS = [
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


def our_path(key):
    for letter, word in (("q_proj", "query"), ("k_proj", "key"), ("v_proj", "value"),
                         ("out_proj", "output")):
        key = key.replace(f"self_attn.{letter}", f"self_attn.{word}")
    for pattern, path in PATHS:
        match = re.fullmatch(pattern, key)
        if match:
            return match.expand(path)
    raise KeyError(f"{key} is none of the model's parameters")
