"""The OmniGen2 diffusion transformer at any size, with the official parameter names and shapes.

Layout of the joint sequence: text (padded) ++ reference images ++ noise image. The official code moves all
padding to the end. The place of padding does not matter to attention as long as position ids and key mask are
right, so here the padded text stays in place and every batch has one static shape.
"""
from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Optional, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attention import attend
from kernels import add_scaled_norm, norm_and_rotate, scaled_norm, swiglu


@dataclass(frozen=True)
class TransformerConfig:
    """The keys of the official transformer/config.json."""

    patch_size: int = 2
    in_channels: int = 16
    out_channels: Optional[int] = None
    hidden_size: int = 256
    num_layers: int = 7
    num_refiner_layers: int = 1
    num_attention_heads: int = 4
    num_kv_heads: int = 1
    multiple_of: int = 64
    ffn_dim_multiplier: Optional[float] = 0.5625
    norm_eps: float = 1e-5
    axes_dim_rope: tuple[int, int, int] = (16, 24, 24)
    axes_lens: tuple[int, int, int] = (1024, 1664, 1664)
    text_feat_dim: int = 192
    timestep_scale: float = 1000.0

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_attention_heads

    @property
    def ffn_inner(self) -> int:
        inner = 4 * self.hidden_size
        if self.ffn_dim_multiplier is not None:
            inner = int(self.ffn_dim_multiplier * inner)
        return self.multiple_of * math.ceil(inner / self.multiple_of)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "TransformerConfig":
        known = {k: (tuple(v) if isinstance(v, list) else v) for k, v in raw.items() if k in cls.__dataclass_fields__}
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        head = {"_class_name": "OmniGen2Transformer2DModel", "_diffusers_version": "0.33.1"}
        return head | {k: (list(v) if isinstance(v, tuple) else v) for k, v in sorted(asdict(self).items())}


class Attention(nn.Module):
    """Grouped-query self-attention, RMSNorm on q and k, rotary pairs (2i, 2i+1), no biases.

    The rotary pairs are interleaved in the rows of the weights. The rows of to_q and to_k are permuted to
    (evens, odds) when used, so that the rotation works on contiguous halves. q.k is invariant under a shared
    permutation.
    """

    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        d = cfg.head_dim
        self.heads, self.kv_heads, self.head_dim = cfg.num_attention_heads, cfg.num_kv_heads, d
        self.to_q = nn.Linear(cfg.hidden_size, self.heads * d, bias=False)
        self.to_k = nn.Linear(cfg.hidden_size, self.kv_heads * d, bias=False)
        self.to_v = nn.Linear(cfg.hidden_size, self.kv_heads * d, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(self.heads * d, cfg.hidden_size, bias=False)])
        self.norm_q = nn.RMSNorm(d, eps=1e-5)
        self.norm_k = nn.RMSNorm(d, eps=1e-5)

    @staticmethod
    def halves(w: Tensor, heads: int, d: int) -> Tensor:
        """[heads*d, ...] with interleaved pairs -> the same with (evens, odds) inside every head."""
        rest = w.shape[1:]
        return w.view(heads, d // 2, 2, *rest).transpose(1, 2).reshape(heads * d, *rest)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Optional[Tensor]) -> Tensor:
        """x [B, S, C]; rope (cos, sin) each [B or 1, S, 1, d/2]; mask [B, 1, 1, S] additive or None -> [B, S,
        C]"""
        b, s, _ = x.shape
        h, g, d = self.heads, self.kv_heads, self.head_dim
        # Three products: with one product and a split the backward pass is 14 % slower.
        q = F.linear(x, self.halves(self.to_q.weight, h, d))
        k = F.linear(x, self.halves(self.to_k.weight, g, d))
        v = self.to_v(x)
        q = norm_and_rotate(q.view(b, s, h, d), self.halves(self.norm_q.weight, 1, d), 1e-5, rope)
        k = norm_and_rotate(k.view(b, s, g, d), self.halves(self.norm_k.weight, 1, d), 1e-5, rope)
        # Query heads that share a key head are stacked along the sequence, which avoids copies of keys and
        # values.
        y = attend(q.reshape(b, g, h // g * s, d), k, v.view(b, s, g, d).transpose(1, 2), mask)
        y = y.reshape(b, h, s, d).transpose(1, 2).reshape(b, s, h * d)
        return F.linear(y, self.to_out[0].weight)


class FeedForward(nn.Module):
    """SwiGLU: linear_2(silu(linear_1 x) * linear_3 x)."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(dim, inner, bias=False)
        self.linear_2 = nn.Linear(inner, dim, bias=False)
        self.linear_3 = nn.Linear(dim, inner, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(swiglu(self.linear_1(x), self.linear_3(x)))


class ModulatedNorm(nn.Module):
    """RMSNorm plus Linear(silu(temb)) -> scale_msa, gate_msa, scale_mlp, gate_mlp."""

    def __init__(self, dim: int, temb_dim: int, eps: float) -> None:
        super().__init__()
        self.linear = nn.Linear(temb_dim, 4 * dim)
        self.norm = nn.RMSNorm(dim, eps=eps)


class Block(nn.Module):
    """Transformer block with norms before and after each part, with or without time modulation."""

    def __init__(self, cfg: TransformerConfig, modulation: bool) -> None:
        super().__init__()
        dim, eps = cfg.hidden_size, cfg.norm_eps
        self.eps = eps
        self.attn = Attention(cfg)
        self.feed_forward = FeedForward(dim, cfg.ffn_inner)
        self.norm1 = ModulatedNorm(dim, min(dim, 1024), eps) if modulation else nn.RMSNorm(dim, eps=eps)
        self.ffn_norm1 = nn.RMSNorm(dim, eps=eps)
        self.norm2 = nn.RMSNorm(dim, eps=eps)
        self.ffn_norm2 = nn.RMSNorm(dim, eps=eps)

    def forward(
        self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Optional[Tensor], act_temb: Optional[Tensor] = None
    ) -> Tensor:
        """x [B, S, C]; act_temb = silu(temb) [B, T] if the block is modulated -> [B, S, C]"""
        scale1 = gate1 = scale2 = gate2 = None
        first = self.norm1
        if isinstance(first, ModulatedNorm):
            scale1, gate1, scale2, gate2 = first.linear(act_temb).float().chunk(4, dim=-1)
            scale1, gate1, scale2, gate2 = 1 + scale1, gate1.tanh(), 1 + scale2, gate2.tanh()
            first = first.norm
        eps = self.eps
        y = self.attn(scaled_norm(x, first.weight, eps, scale1), rope, mask)
        x = add_scaled_norm(x, y, self.norm2.weight, eps, gate1)
        y = self.feed_forward(scaled_norm(x, self.ffn_norm1.weight, eps, scale2))
        return add_scaled_norm(x, y, self.ffn_norm2.weight, eps, gate2)


class TimestepEmbedder(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(256, dim)
        self.linear_2 = nn.Linear(dim, dim)

    def forward(self, proj: Tensor) -> Tensor:
        return self.linear_2(F.silu(self.linear_1(proj)))


class TimeCaptionEmbed(nn.Module):
    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        self.scale = cfg.timestep_scale
        self.timestep_embedder = TimestepEmbedder(min(cfg.hidden_size, 1024))
        self.caption_embedder = nn.Sequential(
            nn.RMSNorm(cfg.text_feat_dim, eps=cfg.norm_eps), nn.Linear(cfg.text_feat_dim, cfg.hidden_size)
        )

    def time_proj(self, t: Tensor) -> Tensor:
        """t [B] in 0..1 -> sinusoid [B, 256], cosines first"""
        freq = torch.exp(-math.log(10000.0) * torch.arange(128, dtype=torch.float32, device=t.device) / 128)
        angle = t.float()[:, None] * self.scale * freq[None]
        return torch.cat([angle.cos(), angle.sin()], dim=-1)


class FinalNorm(nn.Module):
    """LayerNorm without gain * (1 + Linear(silu(temb))) -> Linear to a patch."""

    def __init__(self, dim: int, temb_dim: int, out: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(temb_dim, dim)
        self.linear_2 = nn.Linear(dim, out)

    def forward(self, x: Tensor, act_temb: Tensor) -> Tensor:
        x = F.layer_norm(x, (x.shape[-1],), eps=1e-6)
        return self.linear_2(x * (1 + self.linear_1(act_temb).unsqueeze(1)))


class OmniGen2Transformer(nn.Module):
    def __init__(self, cfg: TransformerConfig) -> None:
        super().__init__()
        if cfg.head_dim != sum(cfg.axes_dim_rope):
            raise ValueError(f"head_dim {cfg.head_dim} is not the sum of axes_dim_rope {cfg.axes_dim_rope}")
        self.cfg = cfg
        dim, patch = cfg.hidden_size, cfg.patch_size**2 * cfg.in_channels
        out = cfg.patch_size**2 * (cfg.out_channels or cfg.in_channels)
        self.x_embedder = nn.Linear(patch, dim)
        self.ref_image_patch_embedder = nn.Linear(patch, dim)
        self.time_caption_embed = TimeCaptionEmbed(cfg)

        def stack(n: int, modulation: bool) -> nn.ModuleList:
            return nn.ModuleList([Block(cfg, modulation) for _ in range(n)])

        self.noise_refiner = stack(cfg.num_refiner_layers, True)
        self.ref_image_refiner = stack(cfg.num_refiner_layers, True)
        self.context_refiner = stack(cfg.num_refiner_layers, False)
        self.layers = stack(cfg.num_layers, True)
        self.norm_out = FinalNorm(dim, min(dim, 1024), out)
        self.image_index_embedding = nn.Parameter(torch.empty(5, dim))
        for axis, (d, n) in enumerate(zip(cfg.axes_dim_rope, cfg.axes_lens)):
            freq = 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
            angle = torch.arange(n, dtype=torch.float64)[:, None] * freq
            self.register_buffer(f"cos_{axis}", angle.cos().float(), persistent=False)
            self.register_buffer(f"sin_{axis}", angle.sin().float(), persistent=False)
        self.init_weights()

    def init_weights(self) -> None:
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_uniform_(m.weight)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
        for m in self.modules():
            if isinstance(m, ModulatedNorm):
                nn.init.zeros_(m.linear.weight)
        for layer in (self.time_caption_embed.timestep_embedder.linear_1, self.time_caption_embed.timestep_embedder.linear_2):
            nn.init.normal_(layer.weight, std=0.02)
        nn.init.trunc_normal_(self.time_caption_embed.caption_embedder[1].weight, std=0.02)
        for layer in (self.norm_out.linear_1, self.norm_out.linear_2):
            nn.init.zeros_(layer.weight)
        nn.init.normal_(self.image_index_embedding, std=0.02)

    # --- patches and positions ---------------------------------------------------------------------
    def patchify(self, x: Tensor) -> Tensor:
        """[B, C, H, W] -> [B, H/p*W/p, p*p*C]; the channel is the fastest index"""
        b, c, h, w = x.shape
        p = self.cfg.patch_size
        return x.view(b, c, h // p, p, w // p, p).permute(0, 2, 4, 3, 5, 1).reshape(b, (h // p) * (w // p), p * p * c)

    def unpatchify(self, x: Tensor, h: int, w: int) -> Tensor:
        b, p = x.shape[0], self.cfg.patch_size
        return x.view(b, h // p, w // p, p, p, -1).permute(0, 5, 1, 3, 2, 4).reshape(b, -1, h, w)

    def positions(
        self, text_len: Tensor, width: int, sizes: Sequence[tuple[int, int]], text_start: int = 0
    ) -> Tensor:
        """Position ids of text ++ images -> [B, S, 3]

        text_len: [B] valid text tokens, counted from position 0; width: text columns of the sequence, which
        start at position text_start; sizes: (rows, columns) of each image in patches, in sequence order
        """
        dev, b = text_len.device, text_len.shape[0]
        text = torch.arange(text_start, text_start + width, device=dev)
        parts = [text[None, :, None].expand(b, -1, 3)]
        shift = text_len
        for rows, cols in sizes:
            grid = torch.stack(torch.meshgrid(torch.arange(rows, device=dev), torch.arange(cols, device=dev), indexing="ij"), -1)
            grid = grid.view(1, rows * cols, 2).expand(b, -1, -1)
            parts.append(torch.cat([shift[:, None, None].expand(-1, rows * cols, 1), grid], dim=-1))
            shift = shift + max(rows, cols)
        return torch.cat(parts, dim=1)

    def rope(self, pos: Tensor) -> tuple[Tensor, Tensor]:
        """pos [B, S, 3] -> cos, sin, each [B, S, 1, head_dim/2]"""
        cos = torch.cat([getattr(self, f"cos_{a}")[pos[..., a]] for a in range(3)], dim=-1)
        sin = torch.cat([getattr(self, f"sin_{a}")[pos[..., a]] for a in range(3)], dim=-1)
        return cos.unsqueeze(2), sin.unsqueeze(2)

    # --- forward -----------------------------------------------------------------------------------
    def forward(
        self,
        x: Tensor,
        t: Tensor,
        text: Tensor,
        text_len: Optional[Tensor] = None,
        refs: Sequence[Tensor] = (),
        text_start: int = 0,
        stages: Optional[dict[str, Tensor]] = None,
        tap: Optional[int] = None,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Velocity (data minus noise) [B, 16, H, W]; with `tap` also the noise rows after that layer

        x: [B, 16, H, W] noise latents; t: [B]; text: [B, L, D]; text_len: [B] valid tokens (None: all L are
        valid); refs: up to 5 latents [B, 16, h, w]; text_start: number of prompt tokens that `text` omits at
        its front
        """
        p = self.cfg.patch_size
        b, width = text.shape[:2]
        _, _, height, wide = x.shape
        sizes = [(r.shape[2] // p, r.shape[3] // p) for r in refs] + [(height // p, wide // p)]
        full = text_len is None
        lens = torch.full((1,), width + text_start, device=x.device) if full else text_len
        cos, sin = self.rope(self.positions(lens, width, sizes, text_start))
        text_mask = joint_mask = None
        if not full:
            keep = torch.arange(text_start, text_start + width, device=x.device)[None] < text_len[:, None]
            text_mask = torch.zeros_like(keep, dtype=x.dtype).masked_fill(~keep, -1e9)[:, None, None]
            joint_mask = F.pad(text_mask, (0, sum(r * c for r, c in sizes)))

        emb = self.time_caption_embed
        proj = emb.time_proj(t).to(x.dtype)
        temb = emb.timestep_embedder(proj)
        act = F.silu(temb)
        caption = emb.caption_embedder(text)
        if stages is not None:
            stages |= {"time_proj": proj, "timestep_embed": temb, "caption_embed": caption}
        for i, block in enumerate(self.context_refiner):
            caption = block(caption, (cos[:, :width], sin[:, :width]), text_mask)
            if stages is not None:
                stages[f"context_refiner_{i}"] = caption

        parts, at = [caption], width
        for j, ref in enumerate(refs):
            n = sizes[j][0] * sizes[j][1]
            y = self.ref_image_patch_embedder(self.patchify(ref)) + self.image_index_embedding[j]
            for block in self.ref_image_refiner:
                y = block(y, (cos[:, at : at + n], sin[:, at : at + n]), None, act)
            parts.append(y)
            at += n
        y = self.x_embedder(self.patchify(x))
        if stages is not None:
            stages["x_embed"] = y
        for i, block in enumerate(self.noise_refiner):
            y = block(y, (cos[:, at:], sin[:, at:]), None, act)
            if stages is not None:
                stages[f"noise_refiner_{i}"] = y
        y = torch.cat([*parts, y], dim=1)
        if stages is not None:
            stages["joint_input"] = y
        for i, block in enumerate(self.layers):
            y = block(y, (cos, sin), joint_mask, act)
            if i == tap:
                tapped = y[:, at:]
            if stages is not None:
                stages[f"layer_{i}"] = y
        out = self.norm_out(y if stages is not None else y[:, at:], act)
        if stages is not None:
            stages["norm_out"] = out
            out = out[:, at:]
        v = self.unpatchify(out, height, wide)
        return v if tap is None else (v, tapped)


def strict_load(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Loads a state dict. Every key and shape must match. Values are cast to the module's type."""
    want = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    got = {k: tuple(v.shape) for k, v in state.items()}
    if want != got:
        missing = sorted(want.keys() - got.keys())
        extra = sorted(got.keys() - want.keys())
        wrong = [k for k in want.keys() & got.keys() if want[k] != got[k]]
        raise ValueError(f"the checkpoint does not fit: missing {missing[:5]}, extra {extra[:5]}, shapes {wrong[:5]}")
    model.load_state_dict({k: v.float() for k, v in state.items()})
