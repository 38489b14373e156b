"""Draws with an exported checkpoint: writes a contact sheet (target beside drawing) and the prompts as text.

python sample.py [--model MODEL] --data DATA --want t2i --n 32 --size 128 --out SHEET.png
python sample.py [--model MODEL] --prompts "a red ball in the snow" --out SHEET.png
"""
from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from data import find_shards, to_png, to_size
from mllm import encode_texts
from model import OmniGen2Transformer, TransformerConfig, strict_load
from prompts import plain


@dataclass
class Bundle:
    transformer: OmniGen2Transformer
    vae: Any
    mllm: Any
    tok: Tokenizer

    @property
    def shift(self) -> float:
        return self.vae.config.shift_factor

    @property
    def scale(self) -> float:
        return self.vae.config.scaling_factor


def load_bundle(folder: Path) -> Bundle:
    from diffusers import AutoencoderKL
    from transformers import Qwen2_5_VLForConditionalGeneration

    cfg = TransformerConfig.from_json(json.loads((folder / "transformer/config.json").read_text()))
    net = OmniGen2Transformer(cfg)
    strict_load(net, load_file(folder / "transformer/diffusion_pytorch_model.safetensors"))
    vae = AutoencoderKL.from_pretrained(folder / "vae", low_cpu_mem_usage=False).float().eval()
    lm = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder / "mllm", dtype=torch.float32).eval()
    return Bundle(net.eval(), vae, lm, Tokenizer.from_file(str(folder / "processor/tokenizer.json")))


def times(steps: int, h: int, w: int) -> list[float]:
    """The official Euler times for a latent of h x w, with 1 at the end"""
    m = (h * w) ** 0.5 / 40
    ts = np.linspace(0, 1, steps + 1, dtype=np.float32)[:-1]
    return [float(t / (m - m * t + t)) for t in ts] + [1.0]


def pad(states: list[Tensor]) -> tuple[Tensor, Tensor]:
    lens = torch.tensor([len(s) for s in states])
    return torch.nn.utils.rnn.pad_sequence(states, batch_first=True), lens


@torch.no_grad()
def draw(
    b: Bundle, prompts: list[str], refs: list[Tensor], height: int, width: int, steps: int = 28, text_scale: float = 4.0,
    image_scale: float = 2.0, cfg_range: tuple[float, float] = (0.0, 1.0), negative: str = "", seed: int = 0,
    noise: Optional[Tensor] = None,
) -> Tensor:
    """prompts: [B]; refs: pictures [B, 3, h, w] of reference 1, 2, … -> pictures [B, 3, height, width]"""
    n = len(prompts)
    cond, cond_len = pad(encode_texts(b.mllm, b.tok, [plain(p) for p in prompts]))
    null, null_len = pad(encode_texts(b.mllm, b.tok, [plain(negative)]) * n)
    ref = [(b.vae.encode(r).latent_dist.mode() - b.shift) * b.scale for r in refs]
    gen = torch.Generator().manual_seed(seed)
    x = noise if noise is not None else torch.randn(n, 16, height // 8, width // 8, generator=gen)
    ts = times(steps, height // 8, width // 8)
    net = b.transformer
    for i in range(steps):
        t = torch.full((n,), ts[i])
        inside = cfg_range[0] <= i / steps <= cfg_range[1]
        tg = text_scale if inside else 1.0
        ig = image_scale if inside and refs else 1.0
        c = net(x, t, cond, cond_len, ref)
        if tg > 1 and ig > 1:
            r = net(x, t, null, null_len, ref)
            u = net(x, t, null, null_len)
            v = u + ig * (r - u) + tg * (c - r)
        elif tg > 1:
            u = net(x, t, null, null_len)
            v = u + tg * (c - u)
        else:
            v = c
        x = x + (ts[i + 1] - ts[i]) * v
    return b.vae.decode(x / b.scale + b.shift).sample


def sheet(rows: list[list[np.ndarray]], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = max(len(r) for r in rows)
    blank = np.full_like(rows[0][0], 255)
    Image.fromarray(np.concatenate([np.concatenate(r + [blank] * (wide - len(r)), 1) for r in rows], 0)).save(path)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--model", default=str(Path(__file__).parent / "checkpoint/storybook"))
    ap.add_argument("--data", default=None)
    ap.add_argument("--want", default="")
    ap.add_argument("--prompts", nargs="*", default=None)
    ap.add_argument("--n", type=int, default=16)
    ap.add_argument("--skip", type=int, default=0)
    ap.add_argument("--size", type=int, default=128)
    ap.add_argument("--steps", type=int, default=28)
    ap.add_argument("--text", type=float, default=4.0)
    ap.add_argument("--image", type=float, default=2.0)
    ap.add_argument("--columns", type=int, default=4, help="cases in a row")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    b = load_bundle(Path(args.model))
    cases: list[tuple[str, list[Tensor], Optional[Tensor]]] = []
    if args.prompts:
        cases = [(p, [], None) for p in args.prompts]
    else:
        data = find_shards(args.data, args.want)
        picked = [s for s in data.samples if s.target is not None and s.instruction][args.skip : args.skip + args.n]
        one = lambda i: to_size(data.batch([i]), args.size)  # noqa: E731
        cases = [(s.instruction or "", [one(r) for r in s.refs], one(s.target)) for s in picked]  # type: ignore[arg-type]
    start = time.time()
    done: list[Optional[Tensor]] = [None] * len(cases)
    for count in sorted({len(c[1]) for c in cases}):
        rows = [i for i, c in enumerate(cases) if len(c[1]) == count]
        for at in range(0, len(rows), 16):
            part = rows[at : at + 16]
            refs = [torch.cat([cases[i][1][j] for i in part]) for j in range(count)]
            out = draw(b, [cases[i][0] for i in part], refs, args.size, args.size, args.steps, args.text, args.image, seed=args.seed + at)
            for k, i in enumerate(part):
                done[i] = out[k : k + 1]
    print(f"{len(cases)} pictures, {(time.time() - start) / len(cases):.2f} s each")
    grid: list[list[np.ndarray]] = []
    for at in range(0, len(cases), args.columns):
        row: list[np.ndarray] = []
        for (prompt, refs, target), y in list(zip(cases, done))[at : at + args.columns]:
            row += [to_png(r)[0] for r in refs] + ([to_png(target)[0]] if target is not None else []) + [to_png(y)[0]]
        grid.append(row)
    sheet(grid, Path(args.out))
    Path(args.out).with_suffix(".txt").write_text("\n".join(f"{i}: {c[0]}" for i, c in enumerate(cases)) + "\n")


if __name__ == "__main__":
    main()
