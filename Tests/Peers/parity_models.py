"""The models that parity.py compares with: the library's class and the original's, drawn weights.

transformers' ChineseCLIPModel has no residual image tower; there the reference is the original's
own class. Both kinds have the same members here:

    size.kind.make(size)         a model with drawn weights that tell inputs apart
    size.kind.save(model, …)     the files that `duiqi import` takes
    size.kind.load(folder, size) the model out of them, in training mode
    size.kind.rows(model, …)     unit rows of pictures and captions
    size.kind.path(key)          our path of a parameter or a running statistic
"""

import dataclasses
import json
import pathlib
import types

import torch
import transformers
from cn_clip.clip.model import CLIP
from torch import nn

import parity_names

VOCABULARY = pathlib.Path(__file__).resolve().parents[2] / "recipes/data/bert-chinese/vocab.txt"
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


@dataclasses.dataclass(frozen=True)
class Transformer:
    """CLIP's ViT."""
    width: int
    depth: int
    head_width: int
    patch: int
    pixels: int


@dataclasses.dataclass(frozen=True)
class Residual:
    """CLIP's residual network with attention pooling."""
    width: int
    layers: tuple
    head_width: int
    pixels: int


@dataclasses.dataclass(frozen=True)
class Size:
    image: Transformer | Residual
    text: tuple  # width, depth
    embedding: int
    pairs: int = 8  # of a batch
    seed: int = 1

    @property
    def noise(self):
        """Of pictures for ReLU, as photographs have it: else thousands of equal pixels pass its
        edge together."""
        return 12 if isinstance(self.image, Residual) else 0

    @property
    def text_heads(self):
        return self.text[0] // (64 if self.text[0] >= 768 else 16)

    @property
    def kind(self):
        return Original if isinstance(self.image, Residual) else Library


# Chinese-CLIP's model_configs, before each a tiny one of its kind. Large ones take fewer pairs, for
# the reference keeps every activation. Residual towers have seeds with which no activation that
# matters lies within duiqi's rounding of ReLU's edge, where the gradient jumps (docs/parity.md).
SIZES = {
    "tiny-rn50": Size(Residual(8, (1, 2, 1, 1), 16, 96), (64, 2), 32, seed=4),
    "tiny-b-16": Size(Transformer(64, 2, 16, 8, 24), (64, 2), 32),
    "tiny-l-14": Size(Transformer(96, 3, 16, 7, 28), (64, 2), 48),
    "tiny-l-14-336": Size(Transformer(96, 3, 16, 7, 42), (64, 2), 48),
    "tiny-h-14": Size(Transformer(80, 4, 20, 7, 28), (96, 3), 64),
    "rn50": Size(Residual(64, (3, 4, 6, 3), 64, 224), (768, 3), 1024, seed=7),
    "vit-b-16": Size(Transformer(768, 12, 64, 16, 224), (768, 12), 512),
    "vit-l-14": Size(Transformer(1024, 24, 64, 14, 224), (768, 12), 768, pairs=2),
    "vit-l-14-336": Size(Transformer(1024, 24, 64, 14, 336), (768, 12), 768, pairs=2),
    "vit-h-14": Size(Transformer(1280, 32, 80, 14, 224), (1024, 24), 1024, pairs=2),
}


def fill(model):
    """Weights that tell inputs apart; the library's own start makes nearly one row of all."""
    norms = {name for name, module in model.named_modules()
             if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm))
             or type(module).__name__ == "BertLayerNorm"}
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            module, _, name = key.rpartition(".")
            if module in norms and name == "weight":
                # Branches of a residual network weigh less than what they are added to, as in a
                # trained one; else rounding alone moves PyTorch's own gradients by 5e-3.
                is_branch = module.endswith("bn3") and "layer" in module
                parameter.normal_(*((0.1, 0.05) if is_branch else (1.0, 0.15)))
            elif module in norms:
                parameter.normal_(0.0, 0.15)
            elif parameter.ndim == 1:
                parameter.normal_(0.0, 0.1)
            elif parameter.ndim > 1:
                is_table = "embedding" in key and "patch" not in key
                fan_in = 4 if is_table else parameter[0].numel()
                parameter.normal_(0.0, fan_in ** -0.5)


class Library:
    """transformers' ChineseCLIPModel and its folder."""
    path = staticmethod(parity_names.transformers_path)

    @staticmethod
    def make(size):
        image, (text_width, text_depth) = size.image, size.text
        model = transformers.ChineseCLIPModel(transformers.ChineseCLIPConfig(
            text_config={
                "vocab_size": 21128, "hidden_size": text_width, "num_hidden_layers": text_depth,
                "num_attention_heads": size.text_heads, "intermediate_size": 4 * text_width,
                "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
            vision_config={
                "hidden_size": image.width, "intermediate_size": 4 * image.width,
                "num_hidden_layers": image.depth,
                "num_attention_heads": image.width // image.head_width,
                "patch_size": image.patch, "image_size": image.pixels},
            projection_dim=size.embedding)).eval()
        fill(model)
        return model

    @staticmethod
    def save(model, size, folder):
        """The files of a published Hugging Face folder; the arguments of `duiqi import`."""
        folder = folder / "model"
        model.save_pretrained(folder)
        (folder / "vocab.txt").write_bytes(VOCABULARY.read_bytes())
        (folder / "preprocessor_config.json").write_text(json.dumps({
            "image_processor_type": "ChineseCLIPImageProcessor", "do_resize": True,
            "size": {"height": size.image.pixels, "width": size.image.pixels}, "resample": 3,
            "do_center_crop": False, "do_rescale": True, "rescale_factor": 1 / 255,
            "do_normalize": True, "image_mean": MEAN, "image_std": DEVIATION,
            "do_convert_rgb": True}))

    @staticmethod
    def arguments(size, folder):
        return [folder / "model"]

    @staticmethod
    def load(folder, size):
        """With attention as the original computes it, not fused."""
        return transformers.ChineseCLIPModel.from_pretrained(
            folder / "model", attn_implementation="eager").train()

    @staticmethod
    def rows(model, pixels, ids):
        output = model(input_ids=ids, attention_mask=(ids != 0).long(), pixel_values=pixels)
        return output.image_embeds, output.text_embeds

    @staticmethod
    def lock_image(model):
        model.vision_model.requires_grad_(False)
        model.visual_projection.requires_grad_(False)


def original_class(size):
    """The original's class, without dropout."""
    image, (text_width, text_depth) = size.image, size.text
    is_residual = isinstance(image, Residual)
    return CLIP(
        embed_dim=size.embedding, image_resolution=image.pixels,
        vision_layers=image.layers if is_residual else image.depth, vision_width=image.width,
        vision_patch_size=None if is_residual else image.patch,
        vision_head_width=image.head_width, vocab_size=21128, text_hidden_size=text_width,
        text_num_hidden_layers=text_depth, text_num_attention_heads=size.text_heads,
        text_intermediate_size=4 * text_width, text_max_position_embeddings=512,
        text_type_vocab_size=2, text_hidden_act="gelu", text_hidden_dropout_prob=0.0,
        text_attention_probs_dropout_prob=0.0, text_initializer_range=0.02,
        tokenizer=types.SimpleNamespace(vocab={"[PAD]": 0})).eval()


class Original:
    """cn_clip's CLIP and its file."""
    path = staticmethod(parity_names.original_path)

    @staticmethod
    def make(size):
        model = original_class(size)
        fill(model)
        # Running statistics that belong to the weights: those of drawn pictures.
        norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 1.0
        with torch.no_grad():
            model.train().encode_image(torch.randn(16, 3, size.image.pixels, size.image.pixels))
        for norm in norms:
            norm.momentum = 0.1
        return model.eval()

    @staticmethod
    def save(model, size, folder):
        state = {f"module.{key}": value for key, value in model.state_dict().items()}
        torch.save({"epoch": 1, "step": 1, "name": "parity", "state_dict": state},
                   folder / "model.pt")

    @staticmethod
    def arguments(size, folder):
        return [folder / "model.pt", "--vocabulary", VOCABULARY,
                "--image-head-width", size.image.head_width,
                "--text-head-width", size.text[0] // size.text_heads]

    @staticmethod
    def load(folder, size):
        state = torch.load(folder / "model.pt", weights_only=True)["state_dict"]
        model = original_class(size)
        model.load_state_dict({key.removeprefix("module."): value for key, value in state.items()})
        return model.train()

    @staticmethod
    def rows(model, pixels, ids):
        image, text, _ = model(pixels, ids)
        return image, text

    @staticmethod
    def lock_image(model):
        """As `--freeze-vision`: batch norms keep their running statistics."""
        model.visual.requires_grad_(False)
        model.visual.eval()
