#!/usr/bin/env python3
"""Writes the files beside itself: one tiny Chinese-CLIP in every form that `duiqi import` takes.

    make peers-environment
    .venv-peers/bin/python Tests/Fixtures/foreign/make_foreign_models.py

The weights are drawn for the original's own class (cn_clip); transformers' and PyTorch's own
writers make the files. `expected.safetensors` holds pixels, padded ids and the unit rows that the
original's class gives for them, in Float32 and from weights rounded to Float16.

    plain.pt            the state dict alone
    training.pt         a training checkpoint: `module.`, a pooler, an optimizer's state
    half.pt             the same weights in Float16
    huggingface         a folder as transformers saves it, with the files of its processor
    huggingface_sharded the weights in two files and an index
    huggingface_old     pytorch_model.bin, numbers of positions, configuration under its old names
    clip.pt             a TorchScript archive with CLIP's names, in Float16
    residual.pt         another model, with a residual tower in the place of the transformer
    bert                a folder of a BERT before its fine-tuning, norms under their old names
"""

import json
import pathlib
import shutil
import types

import safetensors.torch
import torch
import transformers
from cn_clip.clip.model import CLIP

HERE = pathlib.Path(__file__).parent
VERSIONS = {"torch": "2.15.0", "transformers": "5.23.0"}
IMAGE = {"size": 12, "patch": 4, "width": 16, "depth": 2, "head": 8}
TEXT = {"vocabulary": 60, "width": 16, "depth": 2, "heads": 2, "mlp": 32, "positions": 16}
EMBEDDING = 8
IDS = [[2, 7, 8, 9, 3, 0, 0, 0], [2, 10, 3, 0, 0, 0, 0, 0], [2, 11, 12, 13, 14, 15, 16, 3]]


def original(**others):
    """The original's model with weights far from their start."""
    image = {"image_resolution": IMAGE["size"], "vision_layers": IMAGE["depth"],
             "vision_width": IMAGE["width"], "vision_patch_size": IMAGE["patch"],
             "vision_head_width": IMAGE["head"]}
    model = CLIP(
        **{**image, **others}, embed_dim=EMBEDDING, vocab_size=TEXT["vocabulary"],
        text_hidden_size=TEXT["width"], text_num_hidden_layers=TEXT["depth"],
        text_num_attention_heads=TEXT["heads"], text_intermediate_size=TEXT["mlp"],
        text_max_position_embeddings=TEXT["positions"], text_type_vocab_size=2,
        text_hidden_act="gelu", text_hidden_dropout_prob=0.1,
        text_attention_probs_dropout_prob=0.1, text_initializer_range=0.02,
        tokenizer=types.SimpleNamespace(vocab={"[PAD]": 0})).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            drawn = torch.randn(parameter.shape, generator=generator)
            is_norm = ("ln_" in name or "LayerNorm" in name or ".bn" in name
                       or "downsample.1" in name)
            parameter.copy_(0.3 * drawn + (1.0 if is_norm and name.endswith("weight") else 0.0))
        model.logit_scale.fill_(3.25)
    return model


def rows(model, pixels, ids):
    with torch.no_grad():
        image, text, _ = model(pixels, ids)
    return image, text


def without_pooler(state):
    return {key: value for key, value in state.items() if "pooler" not in key}


def hugging_face(state):
    """The same weights under the names of transformers."""
    result = {}
    for key, value in state.items():
        if key == "logit_scale":
            result[key] = value
        elif key == "text_projection":
            result["text_projection.weight"] = value.T.contiguous()
        elif key == "visual.proj":
            result["visual_projection.weight"] = value.T.contiguous()
        elif key.startswith("bert."):
            result["text_model." + key.removeprefix("bert.")] = value
        else:
            key = key.removeprefix("visual.")
            for theirs, ours in (
                    ("transformer.resblocks.", "encoder.layers."), ("ln_1.", "layer_norm1."),
                    ("ln_2.", "layer_norm2."), ("ln_pre.", "pre_layrnorm."),
                    ("ln_post.", "post_layernorm."), ("mlp.c_fc.", "mlp.fc1."),
                    ("mlp.c_proj.", "mlp.fc2."), ("attn.out_proj.", "self_attn.out_proj."),
                    ("conv1.weight", "embeddings.patch_embedding.weight")):
                key = key.replace(theirs, ours)
            if key == "class_embedding":
                key = "embeddings.class_embedding"
            if key == "positional_embedding":
                key = "embeddings.position_embedding.weight"
            if "attn.in_proj_" in key:
                prefix, kind = key.split("attn.in_proj_")
                for part, letter in zip(value.chunk(3), "qkv"):
                    result[f"vision_model.{prefix}self_attn.{letter}_proj.{kind}"] = (
                        part.contiguous())
            else:
                result[f"vision_model.{key}"] = value
    return result


def configuration():
    return transformers.ChineseCLIPConfig(
        text_config={
            "vocab_size": TEXT["vocabulary"], "hidden_size": TEXT["width"],
            "num_hidden_layers": TEXT["depth"], "num_attention_heads": TEXT["heads"],
            "intermediate_size": TEXT["mlp"], "max_position_embeddings": TEXT["positions"]},
        vision_config={
            "hidden_size": IMAGE["width"], "intermediate_size": 4 * IMAGE["width"],
            "num_hidden_layers": IMAGE["depth"],
            "num_attention_heads": IMAGE["width"] // IMAGE["head"],
            "image_size": IMAGE["size"], "patch_size": IMAGE["patch"]},
        projection_dim=EMBEDDING)


def write_folders(state, pixels, ids, expected):
    weights = hugging_face(state)
    model = transformers.ChineseCLIPModel(configuration()).eval()
    missing = model.load_state_dict(weights, strict=True)
    assert not missing.missing_keys and not missing.unexpected_keys
    with torch.no_grad():
        output = model(input_ids=ids, attention_mask=(ids != 0).long(), pixel_values=pixels)
    for found, wanted in zip((output.image_embeds, output.text_embeds), expected):
        assert (found - wanted).abs().max() < 2e-6
    plain, sharded, old = (
        HERE / name for name in ("huggingface", "huggingface_sharded", "huggingface_old"))
    for folder in (plain, sharded, old):
        shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(plain)
    model.save_pretrained(sharded, max_shard_size="40KB")
    preprocessor = {
        "image_processor_type": "ChineseCLIPImageProcessor", "do_resize": True,
        "size": {"height": IMAGE["size"], "width": IMAGE["size"]}, "resample": 3,
        "do_center_crop": False, "do_rescale": True, "rescale_factor": 1 / 255,
        "do_normalize": True, "image_mean": [0.5, 0.25, 0.125], "image_std": [0.5, 0.25, 0.75]}
    (plain / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    (plain / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 14}))
    (sharded / "processor_config.json").write_text(json.dumps({"image_processor": preprocessor}))
    old.mkdir()
    weights["text_model.embeddings.position_ids"] = torch.arange(TEXT["positions"])[None]
    weights["vision_model.embeddings.position_ids"] = torch.arange(10)[None]
    torch.save(weights, old / "pytorch_model.bin")
    parts = json.loads((plain / "config.json").read_text())
    keep = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
            "image_size", "patch_size", "vocab_size", "max_position_embeddings")
    parts = {name: {key: value for key, value in parts[name].items() if key in keep}
             for name in ("text_config", "vision_config")}
    # What is under the old names wins; what is under neither is the library's default.
    (old / "config.json").write_text(json.dumps({
        "model_type": "chinese_clip", "projection_dim": EMBEDDING,
        "text_config": {"num_hidden_layers": 12}, "text_config_dict": parts["text_config"],
        "vision_config": {"patch_size": 16}, "vision_config_dict": parts["vision_config"]}))
    for folder in (plain, sharded, old):
        shutil.copy(HERE / "vocab.txt", folder)


def write_residual():
    """A model with CLIP's residual tower, its statistics as after many batches."""
    model = original(vision_layers=(1, 2, 1, 1), vision_width=2, image_resolution=64,
                     vision_patch_size=None, vision_head_width=32)
    generator = torch.Generator().manual_seed(8)
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(0.2 * torch.randn(buffer.shape, generator=generator))
            elif name.endswith("running_var"):
                buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
            elif name.endswith("num_batches_tracked"):
                buffer.fill_(1234)
    state = without_pooler(model.state_dict())
    torch.save({"epoch": 1, "step": 2, "name": "residual",
                "state_dict": {f"module.{key}": value for key, value in state.items()}},
               HERE / "residual.pt")
    pixels = torch.randn(1, 3, 64, 64, generator=generator)
    ids = torch.tensor(IDS[:1])
    image, text = rows(model, pixels, ids)
    safetensors.torch.save_file(
        {"pixels": pixels, "ids": ids.int(), "image": image, "text": text},
        HERE / "residual_expected.safetensors")


class Holder(torch.nn.Module):
    """Tensors under dotted names, for an archive of a module that computes nothing."""

    def __init__(self, tensors):
        super().__init__()
        children = {}
        for key, value in tensors.items():
            head, _, rest = key.partition(".")
            if rest:
                children.setdefault(head, {})[rest] = value
            elif value.is_floating_point():
                self.register_parameter(head, torch.nn.Parameter(value, requires_grad=False))
            else:
                self.register_buffer(head, value)
        for name, inner in children.items():
            self.add_module(name, Holder(inner))

    def forward(self):
        return 0


def write_towers(state):
    clip = {key: value.half() for key, value in state.items() if key.startswith("visual.")}
    generator = torch.Generator().manual_seed(6)
    for key, shape in (("transformer.resblocks.0.ln_1.weight", (8,)), ("token_embedding.weight",
                       (9, 8)), ("positional_embedding", (7, 8)), ("ln_final.bias", (8,)),
                       ("text_projection", (8, EMBEDDING))):
        clip[key] = torch.randn(shape, generator=generator).half()
    clip["logit_scale"] = torch.tensor(4.5)
    clip["input_resolution"] = torch.tensor(IMAGE["size"])
    clip["context_length"] = torch.tensor(77)
    clip["vocab_size"] = torch.tensor(9)
    torch.jit.save(torch.jit.script(Holder(clip)), HERE / "clip.pt")
    bert = {}
    for key, value in state.items():
        if key.startswith("bert."):
            for new, old in (("LayerNorm.weight", "LayerNorm.gamma"),
                             ("LayerNorm.bias", "LayerNorm.beta")):
                key = key.replace(new, old)
            bert[key] = value
    bert["cls.predictions.bias"] = torch.zeros(TEXT["vocabulary"])
    folder = HERE / "bert"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    torch.save(bert, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_size": TEXT["width"], "num_attention_heads": TEXT["heads"],
        "num_hidden_layers": TEXT["depth"], "vocab_size": TEXT["vocabulary"]}))
    shutil.copy(HERE / "vocab.txt", folder)


def main():
    for name, version in VERSIONS.items():
        assert __import__(name).__version__.split("+")[0] == version, f"{name} is not {version}"
    characters = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "##a"]
    words += list(characters)[: TEXT["vocabulary"] - len(words) - 13] + list("0123456789!.,")
    assert len(words) == len(set(words)) == TEXT["vocabulary"]
    (HERE / "vocab.txt").write_text("".join(word + "\n" for word in words))

    model = original()
    state = without_pooler(model.state_dict())
    generator = torch.Generator().manual_seed(7)
    size = IMAGE["size"]
    pixels = torch.randn(len(IDS), 3, size, size, generator=generator)
    ids = torch.tensor(IDS)
    image, text = rows(model, pixels, ids)

    torch.save(state, HERE / "plain.pt")
    moved = [model.logit_scale, model.visual.ln_pre.weight]
    optimizer = torch.optim.AdamW(moved)
    sum(parameter.sum() for parameter in moved).backward()
    optimizer.step()
    restored = {**state, "bert.pooler.dense.weight": torch.zeros(TEXT["width"], TEXT["width"]),
                "bert.pooler.dense.bias": torch.zeros(TEXT["width"])}
    with torch.no_grad():
        moved[0].fill_(3.25)
        moved[1].copy_(original().visual.ln_pre.weight)
    torch.save(
        {"epoch": 7, "step": 40000, "name": "muge_finetune",
         "state_dict": {f"module.{key}": value for key, value in restored.items()},
         "optimizer": optimizer.state_dict()}, HERE / "training.pt")
    torch.save(
        {"epoch": 0, "step": 0, "name": "half",
         "state_dict": {f"module.{key}": value.half() for key, value in state.items()}},
        HERE / "half.pt")
    write_folders(state, pixels, ids, (image, text))
    write_towers(state)
    write_residual()

    rounded = original()
    rounded.load_state_dict(
        {key: value.half().float() for key, value in model.state_dict().items()})
    half_image, half_text = rows(rounded, pixels, ids)
    safetensors.torch.save_file(
        {"pixels": pixels, "ids": ids.int(), "image": image, "text": text,
         "half_image": half_image, "half_text": half_text}, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
