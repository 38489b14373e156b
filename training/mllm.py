"""Stage b: the multimodal language model (a tiny Qwen2.5-VL of transformers) and its hidden states."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from attention import attend
from kernels import rms
from prompts import chat
from vision import CELLS, GRID, PADS, SIDE, patches, vision_states



def mllm_config(tok: Tokenizer, hidden: int = 192, layers: int = 5, heads: int = 3, kv: int = 1, inner: int = 448,
                vit_hidden: int = 128, vit_depth: int = 6, vit_heads: int = 4, vit_inner: int = 256) -> dict[str, Any]:
    """mllm/config.json in the flat style of transformers 4.51"""
    i = lambda t: tok.token_to_id(t)  # noqa: E731
    half = hidden // heads // 2
    spatial = (half * 3 // 8) // 2 * 2
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"], "attention_dropout": 0.0,
        "bos_token_id": i("<|endoftext|>"), "eos_token_id": i("<|im_end|>"), "hidden_act": "silu",
        "hidden_size": hidden, "image_token_id": i("<|image_pad|>"), "initializer_range": 0.02,
        "intermediate_size": inner, "max_position_embeddings": 128000, "max_window_layers": layers,
        "model_type": "qwen2_5_vl", "num_attention_heads": heads, "num_hidden_layers": layers,
        "num_key_value_heads": kv, "rms_norm_eps": 1e-6,
        "rope_scaling": {"mrope_section": [half - 2 * spatial, spatial, spatial], "rope_type": "default", "type": "default"},
        "rope_theta": 1000000.0, "sliding_window": 32768, "tie_word_embeddings": True, "torch_dtype": "float32",
        "transformers_version": "4.51.3", "use_cache": True, "use_sliding_window": False,
        "video_token_id": i("<|video_pad|>"), "vision_end_token_id": i("<|vision_end|>"),
        "vision_start_token_id": i("<|vision_start|>"), "vision_token_id": i("<|vision_pad|>"),
        "vocab_size": 64 * -(-tok.get_vocab_size() // 64),
        "vision_config": {
            "depth": vit_depth, "fullatt_block_indexes": [i for i in range(vit_depth) if i % 2 == 1], "hidden_act": "silu",
            "hidden_size": vit_hidden, "in_channels": 3, "in_chans": 3, "intermediate_size": vit_inner,
            "model_type": "qwen2_5_vl", "num_heads": vit_heads, "out_hidden_size": hidden, "patch_size": 14,
            "spatial_merge_size": 2, "spatial_patch_size": 14, "temporal_patch_size": 2, "tokens_per_second": 2,
            "window_size": 112,
        },
    }


def make_mllm(config: dict[str, Any]) -> Qwen2_5_VLForConditionalGeneration:
    net = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig.from_dict(config))
    net.config._attn_implementation = "sdpa"
    return net.float()


def official_key(key: str) -> Optional[str]:
    """Name in transformers 5 -> name in the official checkpoint (None: not stored)"""
    if key == "lm_head.weight":
        return None
    return key.replace("model.language_model.", "model.").replace("model.visual.", "visual.")


def load_mllm(run: Path, name: str = "mllm.pt") -> tuple[Qwen2_5_VLForConditionalGeneration, Tokenizer, dict[str, Any]]:
    state = torch.load(run / name, map_location="cpu", weights_only=False)
    net = make_mllm(state["config"])
    net.load_state_dict(state["ema"], strict=False)
    net.tie_weights()
    return net.eval(), Tokenizer.from_file(str(run / "processor/tokenizer.json")), state["config"]


def mrope_positions(ids: np.ndarray, pad: int) -> np.ndarray:
    """ids [S] -> M-RoPE positions [3, S]; each run of image tokens is a picture of 5 x 5"""
    pos = np.zeros((3, len(ids)), dtype=np.int64)
    at, i = 0, 0
    cell = np.arange(PADS)
    while i < len(ids):
        if ids[i] == pad:
            pos[:, i : i + PADS] = at + np.stack([cell * 0, cell // CELLS, cell % CELLS])
            at += CELLS
            i += PADS
        else:
            pos[:, i] = at
            at += 1
            i += 1
    return pos


@dataclass
class Example:
    ids: np.ndarray  # [S], image tokens expanded
    learn: np.ndarray  # [S] loss weight of predicting this token from those before it
    pictures: list[int]
    kind: str
    never: tuple[int, ...] = ()  # tokens of the colours that these things never have in training


def rope_tables(net: Qwen2_5_VLForConditionalGeneration, pos: Tensor) -> tuple[Tensor, Tensor]:
    """pos [3, B, S] -> cos, sin [B, 1, S, d], with the three axes interleaved as in M-RoPE"""
    cfg = net.config.text_config
    half = cfg.hidden_size // cfg.num_attention_heads // 2
    freq = 1.0 / (1e6 ** (torch.arange(half, dtype=torch.float32, device=pos.device) / half))
    axis = torch.repeat_interleave(torch.arange(3), torch.tensor(net.config.text_config.rope_parameters["mrope_section"]))
    angle = pos[axis].permute(1, 2, 0).float() * freq  # [B, S, half]
    angle = torch.cat([angle, angle], dim=-1).unsqueeze(1)
    return angle.cos(), angle.sin()


def turn(z: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Applies the rotary embedding, with pairs in the two halves."""
    a, b = z.chunk(2, dim=-1)
    return z * cos + torch.cat([-b, a], dim=-1) * sin


def additive(keep: Tensor) -> Tensor:
    """Boolean mask -> additive mask: 0 where true, -1e9 elsewhere"""
    return torch.zeros(keep.shape).masked_fill(~keep, -1e9)


def language_layer(layer: nn.Module, y: Tensor, b: int, head: int, cos: Tensor, sin: Tensor, mask: Tensor, mask_head: Tensor) -> Tensor:
    """One decoder layer on y [head + b*r, C]: the shared first tokens once, then the rest of every row."""
    att = layer.self_attn
    d = att.head_dim
    r = (y.shape[0] - head) // b
    n = rms(y, layer.input_layernorm.weight, 1e-6)
    q, k, v = att.q_proj(n), att.k_proj(n), att.v_proj(n)
    rep = q.shape[1] // k.shape[1]

    def first(z: Tensor) -> Tensor:
        return z[:head].view(1, head, z.shape[1] // d, d).transpose(1, 2)

    def rest(z: Tensor) -> Tensor:
        return z[head:].view(b, r, z.shape[1] // d, d).transpose(1, 2)

    cos, sin = cos.to(q.dtype), sin.to(q.dtype)
    qh, kh, vh = turn(first(q), cos[:1, :, :head], sin[:1, :, :head]), turn(first(k), cos[:1, :, :head], sin[:1, :, :head]), first(v)
    qr, kr, vr = turn(rest(q), cos[:, :, head:], sin[:, :, head:]), turn(rest(k), cos[:, :, head:], sin[:, :, head:]), rest(v)
    kk = torch.cat([kh.expand(b, -1, -1, -1), kr], dim=2).repeat_interleave(rep, dim=1)
    vv = torch.cat([vh.expand(b, -1, -1, -1), vr], dim=2).repeat_interleave(rep, dim=1)
    out = attend(qr, kk, vv, mask).transpose(1, 2).reshape(b * r, -1)
    if head:
        own = attend(qh, kh.repeat_interleave(rep, dim=1), vh.repeat_interleave(rep, dim=1), mask_head)
        out = torch.cat([own.transpose(1, 2).reshape(head, -1), out])
    y = y + att.o_proj(out)
    n = rms(y, layer.post_attention_layernorm.weight, 1e-6)
    return y + layer.mlp.down_proj(F.silu(layer.mlp.gate_proj(n)) * layer.mlp.up_proj(n))


def language_states(net: Qwen2_5_VLForConditionalGeneration, x: Tensor, pos: Tensor, head: int,
                    mask: Optional[Tensor] = None, layer_of: Callable[..., Tensor] = language_layer) -> Tensor:
    """The language model's last hidden states [B, S, C], with the same values as in transformers. The first
    `head` tokens, which must be equal in all rows, are computed once.

    x: embeddings [B, S, C]; pos: [3, B, S]; mask: additive [B, 1, S - head, S] (None: causal); layer_of:
    language_layer, compiled or not
    """
    lm = net.model.language_model
    b, s, c = x.shape
    r = s - head
    cos, sin = rope_tables(net, pos)
    y = torch.cat([x[0, :head], x[:, head:].reshape(b * r, c)])
    mask_head = additive(torch.ones(head, head, dtype=torch.bool).tril()).to(x.device)
    if mask is None:
        mask = F.pad(additive(torch.ones(r, r, dtype=torch.bool).tril()), (head, 0)).to(x.device)
    for layer in lm.layers:
        y = layer_of(layer, y, b, head, cos, sin, mask, mask_head)
    y = rms(y, lm.norm.weight, 1e-6).float()
    return torch.cat([y[:head].expand(b, -1, -1), y[head:].view(b, r, c)], dim=1)


def hidden_states(net: Qwen2_5_VLForConditionalGeneration, batch: Sequence[Example], pad_id: int, image_id: int,
                  pixels: Optional[Tensor] = None, head: int = 0) -> tuple[Tensor, Tensor]:
    """Pads a batch on the right -> (ids [B, S], last hidden states after the final norm [B, S, C])

    head: number of first tokens that all rows share
    """
    width = max(len(e.ids) for e in batch)
    ids = np.full((len(batch), width), pad_id, dtype=np.int64)
    pos = np.zeros((3, len(batch), width), dtype=np.int64)
    for r, e in enumerate(batch):
        ids[r, : len(e.ids)] = e.ids
        pos[:, r, : len(e.ids)] = mrope_positions(e.ids, image_id)
    device = net.model.language_model.embed_tokens.weight.device
    tokens = torch.from_numpy(ids).to(device)
    x = net.model.language_model.embed_tokens(tokens)
    if pixels is not None:
        x = x.masked_scatter((tokens == image_id).unsqueeze(-1), vision_states(net.model.visual, pixels)[0].float())
    return tokens, language_states(net, x, torch.from_numpy(pos).to(device), head)


class EchoHeads(nn.Module):
    """Training only: predicts from each last hidden state its own token and the three before it. A small
    language model otherwise forgets them, since it only needs the next token, but the transformer needs
    them."""

    def __init__(self, hidden: int, vocab: int, back: int = 4) -> None:
        super().__init__()
        self.heads = nn.ModuleList([nn.Linear(hidden, vocab) for _ in range(back)])

    def forward(self, states: Tensor, tokens: Tensor, place: Tensor, share: float) -> Tensor:
        """The loss on a random share of the positions. states: [B, S, C]; tokens: [B, S]; place: [B, S]
        position within the segment (-1: ignored)"""
        loss = states.new_zeros(())
        for back, head in enumerate(self.heads):
            pick = (place >= back) & (torch.rand(place.shape, device=place.device) < share)
            b, s = pick.nonzero(as_tuple=True)
            loss = loss + F.cross_entropy(head(states[b, s]), tokens[b, s - back])
        return loss / len(self.heads)


@torch.no_grad()
def encode_texts(net: Qwen2_5_VLForConditionalGeneration, tok: Tokenizer, texts: Sequence[str], batch: int = 128) -> list[Tensor]:
    """Texts with their template -> the last hidden states [L, C] of each, as float32"""
    pad, image = tok.token_to_id("<|endoftext|>"), tok.token_to_id("<|image_pad|>")
    ids = [np.array(e.ids, dtype=np.int64) for e in tok.encode_batch(list(texts), add_special_tokens=False)]
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    shared = [len(set(column)) == 1 for column in zip(*ids)] + [False]
    head = min(shared.index(False), min(map(len, ids)) - 1)
    out: list[Optional[Tensor]] = [None] * len(ids)
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        _, h = hidden_states(net, [Example(ids[i], ids[i], [], "") for i in rows], pad, image, head=head)
        for r, i in enumerate(rows):
            out[i] = h[r, : len(ids[i])].clone()
    return out  # type: ignore[return-value]


def expand_pads(ids: Sequence[int], image_id: int) -> list[int]:
    """Replaces each image token by one token for each part of the picture."""
    return [t for i in ids for t in ([i] * PADS if i == image_id else [i])]


@torch.no_grad()
def encode_chats(net: Qwen2_5_VLForConditionalGeneration, tok: Tokenizer, asked: Sequence[tuple[str, Sequence[np.ndarray]]],
                 batch: int = 64) -> list[Tensor]:
    """Prompts with their pictures [S, S, 3], encoded as the chat pipeline does for the transformer -> the
    last hidden states [L, C] of each prompt's words, without the rows of its pictures"""
    pad, image = tok.token_to_id("<|endoftext|>"), tok.token_to_id("<|image_pad|>")
    out: list[Tensor] = []
    for at in range(0, len(asked), batch):
        rows = asked[at : at + batch]
        examples = []
        for prompt, pictures in rows:
            short = tok.encode(chat(prompt, len(pictures)), add_special_tokens=False).ids
            ids = np.array(expand_pads(short, image), dtype=np.int64)
            examples.append(Example(ids, np.zeros(len(ids), dtype=np.float32), [], ""))
        shown = [p for _, pictures in rows for p in pictures]
        _, h = hidden_states(net, examples, pad, image, patches(shown) if shown else None)
        out += [h[r, : len(e.ids)][torch.from_numpy(e.ids != image)].clone() for r, e in enumerate(examples)]
    return out


def dump_config(config: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True))
    gen = {"bos_token_id": config["bos_token_id"], "do_sample": True,
           "eos_token_id": [config["eos_token_id"], config["bos_token_id"]], "pad_token_id": config["bos_token_id"],
           "repetition_penalty": 1.05, "temperature": 1e-6, "transformers_version": "4.51.3"}
    (folder / "generation_config.json").write_text(json.dumps(gen, indent=2))
