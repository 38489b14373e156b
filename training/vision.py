"""The vision tower on batches of pictures of one size. It gives the same values as transformers' Qwen2.5-VL
vision model, with windows as masks in one batched attention instead of one call per window."""
from __future__ import annotations

from typing import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from attention import attend
from kernels import rms

PATCH, MERGE, SIDE = 14, 2, 140  # 128-pixel pictures become 140 pixels: 10x10 patches, 5x5 tokens
GRID = SIDE // PATCH
CELLS = GRID // MERGE
PADS = CELLS * CELLS
WINDOW = 4  # window_size 112 in tokens of 28 pixels
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)


def patches(pics: Sequence[np.ndarray], side: int = SIDE) -> Tensor:
    """Pictures [S, S, 3] bytes -> [N * (side/14)^2, 588] (one frame), rows ordered by 2x2 merge blocks"""
    x = np.stack([np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BICUBIC)) for p in pics])
    n, g = len(x), side // PATCH
    x = x.reshape(n, g // MERGE, MERGE, PATCH, g // MERGE, MERGE, PATCH, 3)
    y = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 1, 4, 2, 5, 7, 3, 6))).view(n * g * g, 3, -1).float()
    mean, std = torch.from_numpy(MEAN)[:, None], torch.from_numpy(STD)[:, None]
    return ((y / 255 - mean) / std).flatten(1)


def two_frames(one: Tensor) -> Tensor:
    """The input that transformers' processor makes: every frame twice. [R, 588] -> [R, 1176]"""
    return one.view(-1, 3, 1, PATCH * PATCH).expand(-1, -1, 2, -1).reshape(len(one), -1)


def tables(head_dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """-> cos, sin [100, d] and the additive window mask [100, 100], patches in merge-block order"""
    cell = np.arange(CELLS)
    order = np.stack(np.meshgrid(cell, cell, np.arange(MERGE), np.arange(MERGE), indexing="ij"), -1).reshape(-1, 4)
    row, col = order[:, 0] * MERGE + order[:, 2], order[:, 1] * MERGE + order[:, 3]
    spatial = head_dim // 2
    freq = 1.0 / 10000 ** (np.arange(0, spatial, 2) / spatial)
    angle = np.concatenate([row[:, None] * freq, col[:, None] * freq], 1)
    angle = np.concatenate([angle, angle], 1)
    window = order[:, 0] // WINDOW * 100 + order[:, 1] // WINDOW
    mask = np.where(window[:, None] == window[None], 0.0, -1e9)
    return tuple(torch.from_numpy(a).float() for a in (np.cos(angle), np.sin(angle), mask))  # type: ignore[return-value]


def vision_block(block: nn.Module, y: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
    """y [N, 100, C] -> [N, 100, C]"""
    n, s, c = y.shape
    heads = block.attn.num_heads
    q, k, v = block.attn.qkv(rms(y, block.norm1.weight, 1e-6)).view(n, s, 3, heads, c // heads).permute(2, 0, 3, 1, 4)

    def turn(z: Tensor) -> Tensor:
        a, b = z.chunk(2, dim=-1)
        return (z * cos + torch.cat([-b, a], dim=-1) * sin).to(v.dtype)

    out = attend(turn(q), turn(k), v, mask).transpose(1, 2).reshape(n, s, c)
    y = y + block.attn.proj(out)
    m = block.mlp
    z = rms(y, block.norm2.weight, 1e-6)
    return y + m.down_proj(F.silu(m.gate_proj(z)) * m.up_proj(z))


def merge_order() -> np.ndarray:
    """[100] indices row * 10 + column of the patches in merge-block order"""
    cell = np.arange(CELLS)
    order = np.stack(np.meshgrid(cell, cell, np.arange(MERGE), np.arange(MERGE), indexing="ij"), -1).reshape(-1, 4)
    return (order[:, 0] * MERGE + order[:, 2]) * GRID + order[:, 1] * MERGE + order[:, 3]


def vision_states(visual: nn.Module, pixels: Tensor, block_of: Callable[..., Tensor] = vision_block) -> tuple[Tensor, Tensor]:
    """pixels [N*100, 588] -> (tokens for the language model [N*25, C], patches before the merger [N, 100, D]
    in merge-block order); block_of: vision_block, compiled or not"""
    embed = visual.patch_embed.proj.weight.sum(2)  # both frames show the same picture
    cos, sin, window = (a.to(pixels.device) for a in tables(embed.shape[0] // visual.blocks[0].attn.num_heads))
    y = F.linear(pixels, embed.flatten(1)).view(-1, GRID * GRID, embed.shape[0])
    for i, block in enumerate(visual.blocks):
        y = block_of(block, y, cos, sin, None if i in visual.fullatt_block_indexes else window)
    merger = visual.merger
    return merger.mlp(rms(y, merger.ln_q.weight, 1e-6).reshape(-1, embed.shape[0] * MERGE**2)), y
