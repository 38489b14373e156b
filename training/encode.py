"""Encodes shards into the transformer's training data: latents and text states on disk.

python encode.py --data DATA --want t2i-train --run RUN --out CACHE/t2i [--size 128] [--most 1] [--text-only] [--chat]
--most 1 takes cases whose scene has one drawn copy, which a new transformer learns first.
--chat encodes texts with the chat template and the references, as the chat pipeline does.
Cache folder: meta.json; latents_<size>.f16 [M, 16, size/8, size/8], normalised; hints_<size>.u8 [cases,
channels, size/16 * size/16] (hints.py); text.f16 [tokens, C]; items.json. text.f16 holds the prompt's own
tokens; the constant states of the system prompt are in prefix.f16. meta.json is written last, so that a
running training loads finished folders only.
"""
from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution

from data import Sample, Shards, find_shards, to_size
from hints import CLASSES, labels
from mllm import encode_chats, encode_texts, load_mllm
from prompts import HEAD, plain
from speed import Machine, add_machine, choose_machine
from vae import load_vae


def drawn_things(sample: Sample) -> int:
    """Number of drawn copies: two cats are two."""
    return sum(len(t["stands"]) for t in sample.scene["things"])


def encode_pictures(data: Shards, pictures: list[int], run: Path, path: Path, size: int, machine: Machine) -> None:
    """Writes the pictures' latents, sampled from the posterior as in the official pipeline and normalised."""
    vae, config = load_vae(run)
    vae.to(machine.device)
    shift, scale = config["shift_factor"], config["scaling_factor"]
    torch.manual_seed(11)
    with path.open("wb") as file:
        for at in range(0, len(pictures), 32):
            x = to_size(data.batch(pictures[at : at + 32]), size).to(machine.device, memory_format=torch.channels_last)
            with machine.autocast():
                moments = vae.encoder(x).float()
            z = (DiagonalGaussianDistribution(moments).sample() - shift) * scale
            file.write(z.contiguous().cpu().numpy().astype(np.float16).tobytes())


def prompt_of(sample: Sample, in_chat: bool) -> tuple[str, tuple[int, ...]]:
    return sample.instruction or "", tuple(sample.refs) if in_chat else ()


def encode_prompts(data: Shards, drawn: list[Sample], number_of: dict[int, int], run: Path, out: Path, in_chat: bool) -> dict[str, int]:
    """Writes text.f16, prefix.f16 and items.json -> {head: prefix tokens, text_dim}"""
    net, tok, config = load_mllm(run)
    # The states of a chat prompt depend on its pictures.
    prompts = sorted({prompt_of(s, in_chat) for s in drawn} | {("", ())})
    number = {a: i for i, a in enumerate(prompts)}
    head = len(tok.encode(HEAD, add_special_tokens=False).ids)
    lengths: list[int] = []
    with (out / "text.f16").open("wb") as file:
        for at in range(0, len(prompts), 2048):
            part = prompts[at : at + 2048]
            states = encode_chats(net, tok, [(t, [data.picture(i) for i in refs]) for t, refs in part]) if in_chat else \
                encode_texts(net, tok, [plain(t) for t, _ in part])
            for h in states:
                if not lengths:
                    (out / "prefix.f16").write_bytes(h[:head].numpy().astype(np.float16).tobytes())
                lengths.append(len(h) - head)
                file.write(h[head:].numpy().astype(np.float16).tobytes())
    items = [{"task": s.task, "refs": [number_of[r] for r in s.refs], "target": number_of[s.target or 0],
              "text": number[prompt_of(s, in_chat)], "things": drawn_things(s)} for s in drawn]
    (out / "items.json").write_text(json.dumps({"items": items, "lengths": lengths, "empty": number["", ()]}))
    return {"head": head, "text_dim": config["hidden_size"]}


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--want", default="train")
    ap.add_argument("--run", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--size", type=int, default=128)
    ap.add_argument("--most", type=int, default=99, help="only scenes with at most this many drawn copies")
    ap.add_argument("--skip", type=int, default=0, help="omits this many cases at the start")
    ap.add_argument("--first", type=int, default=0, help="takes this many cases only; 0: all")
    ap.add_argument("--text-only", action="store_true", help="encodes the texts again and keeps the latents")
    ap.add_argument("--chat", action="store_true", help="encodes texts as the chat pipeline does")
    add_machine(ap)
    args = ap.parse_args()
    machine = choose_machine(args)
    torch.set_grad_enabled(False)
    run, out = Path(args.run), Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    data = find_shards(args.data, args.want)
    drawn = [s for s in data.samples if s.target is not None and s.instruction is not None and drawn_things(s) <= args.most]
    drawn = drawn[args.skip :][: args.first or None]
    pictures = sorted({p for s in drawn for p in [*s.refs, s.target]})
    start = time.time()
    if not args.text_only:
        encode_pictures(data, pictures, run, out / f"latents_{args.size}.f16", args.size, machine)
        print(f"{len(pictures)} pictures in {time.time() - start:.0f} s", flush=True)
        grid = args.size // 16
        table = np.stack([labels(s.scene, grid) for s in drawn]) if drawn else np.zeros((0, len(CLASSES), grid * grid), np.uint8)
        (out / f"hints_{args.size}.u8").write_bytes(table.tobytes())
    start = time.time()
    meta = encode_prompts(data, drawn, {p: i for i, p in enumerate(pictures)}, run, out, args.chat)
    print(f"{len(drawn)} prompts in {time.time() - start:.0f} s")
    (out / "meta.json").write_text(json.dumps({"pictures": len(pictures), "items": len(drawn), **meta}))


if __name__ == "__main__":
    main()
