"""The two towers of the emoji recipes in plain PyTorch: what a user would write without duiqi.

Same mathematics and initial distributions as Sources/Models: CLIP's pre-norm ViT and BERT without
a pooler, both ending in a projection to unit rows. Attention goes through PyTorch's own fused
kernel, and queries, keys and values are one product.
"""

import torch
from torch import nn
from torch.nn import functional


class Attention(nn.Module):
    """Self-attention with one product for queries, keys and values."""

    def __init__(self, width, head_width):
        super().__init__()
        self.head_count = width // head_width
        self.stacked = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x, mask=None):
        batch, tokens, width = x.shape
        stacked = self.stacked(x).view(batch, tokens, 3, self.head_count, -1)
        query, key, value = stacked.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self.output(attended.transpose(1, 2).reshape(batch, tokens, width))


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


def mlp(width, hidden_width, activation):
    return nn.Sequential(
        nn.Linear(width, hidden_width), activation, nn.Linear(hidden_width, width))


class PreNormBlock(nn.Module):
    def __init__(self, width, head_width):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, head_width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = mlp(width, 4 * width, QuickGELU())
        # Chinese-CLIP keeps the framework's own starts: Xavier over the stacked products.
        nn.init.xavier_uniform_(self.attention.stacked.weight)
        nn.init.zeros_(self.attention.stacked.bias)
        nn.init.zeros_(self.attention.output.bias)

    def forward(self, x):
        x = x + self.attention(self.attention_norm(x))
        return x + self.mlp(self.mlp_norm(x))


class PostNormBlock(nn.Module):
    def __init__(self, width, head_width, hidden_width):
        super().__init__()
        self.attention = Attention(width, head_width)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.mlp = mlp(width, hidden_width, nn.GELU())
        self.mlp_norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x, mask):
        x = self.attention_norm(x + self.attention(x, mask))
        return self.mlp_norm(x + self.mlp(x))


class ImageTower(nn.Module):
    """Pictures [batch, size, size, 3], channels last, to unit rows [batch, embedding width]."""

    def __init__(self, size=64, patch=8, width=192, depth=6, head_width=64, embedding_width=256):
        super().__init__()
        self.patch = patch
        deviation = width ** -0.5
        self.patches = nn.Linear(3 * patch * patch, width, bias=False)
        self.class_embedding = nn.Parameter(deviation * torch.randn(width))
        tokens = (size // patch) ** 2 + 1
        self.positions = nn.Parameter(5 * deviation * torch.randn(tokens, width))
        self.pre_norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(PreNormBlock(width, head_width) for _ in range(depth))
        self.post_norm = nn.LayerNorm(width)
        self.projection = nn.Parameter(deviation * torch.randn(width, embedding_width))
        # The fan-in of a convolution, which is what a patch embedding is elsewhere.
        nn.init.uniform_(self.patches.weight, -(3 * patch * patch) ** -0.5,
                         (3 * patch * patch) ** -0.5)

    def forward(self, pictures):
        batch, size, _, _ = pictures.shape
        grid = size // self.patch
        cut = pictures.view(batch, grid, self.patch, grid, self.patch, 3)
        x = self.patches(cut.permute(0, 1, 3, 5, 2, 4).reshape(batch, grid * grid, -1))
        first = self.class_embedding.to(x.dtype).expand(batch, 1, -1)
        x = self.pre_norm(torch.cat([first, x], dim=1) + self.positions)
        for block in self.blocks:
            x = block(x)
        return functional.normalize((self.post_norm(x[:, 0]) @ self.projection).float(), dim=-1)


class TextTower(nn.Module):
    """Padded token ids [batch, tokens], 0 for padding, to unit rows [batch, embedding width]."""

    def __init__(self, vocabulary_count, width=192, depth=4, head_width=64, hidden_width=768,
                 position_count=24, embedding_width=256):
        super().__init__()
        self.words = nn.Embedding(vocabulary_count, width, padding_idx=0)
        self.positions = nn.Embedding(position_count, width)
        self.token_types = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.blocks = nn.ModuleList(
            PostNormBlock(width, head_width, hidden_width) for _ in range(depth))
        self.projection = nn.Parameter(width ** -0.5 * torch.randn(width, embedding_width))
        nn.init.normal_(self.words.weight, std=1)
        for table in (self.positions, self.token_types):
            nn.init.normal_(table.weight, std=0.2)
        for module in self.blocks.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.83 * width ** -0.5)
                nn.init.zeros_(module.bias)

    def forward(self, ids):
        x = self.words(ids) + self.positions.weight[: ids.shape[1]] + self.token_types.weight[0]
        x = self.norm(x)
        mask = (ids != 0)[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        return functional.normalize((x[:, 0] @ self.projection).float(), dim=-1)


def contrastive_loss(image, text, log_scale):
    """Symmetric InfoNCE over unit rows, both directions averaged."""
    logits = log_scale.exp() * image @ text.T
    labels = torch.arange(len(logits))
    return (functional.cross_entropy(logits, labels)
            + functional.cross_entropy(logits.T, labels)) / 2
