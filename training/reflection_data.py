"""Makes training data from the model's own pictures: the model draws, the judge finds the faults, and the
world's picture of the request is the target of the fix.

python reflection_data.py --run RUN --data DATA --n 2000 --out DATA/own-reflect-critique_fix-train
python reflection_data.py --run RUN --data DATA --n 6000 --misses --steps 6 --guidance 1 --out DATA/own-misses-critique_fix-train

Scenes come from DATA's t2i cases and get new requests. The averaged weights of RUN draw each of them in a few
steps, once for every value of --guidance, starting from the target noised to a random flow time in the range
--from; the later the time, the more of the target's layout stays. With --misses the scenes come from
critique_fix cases: the model draws the faulty scene and is judged by the requested one, so most drawings have
faults. The judge (../docs/reference/judge.md) then finds the faults of every drawing (world/own-faults.ts). The result
is a shard folder for data.py: `reflect` cases, and `critique_fix` cases whose target is the world's picture.
"""
from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from cache import text_columns
from data import Sample, Shards, find_shards, to_png
from mllm import encode_texts, load_mllm
from model import OmniGen2Transformer
from prompts import HEAD, plain
from speed import Machine, add_machine, choose_machine
from transformer import compile_blocks, load_transformer
from vae import load_vae

WORLD = Path(__file__).parent.parent
SIDE = 128  # side of the judge's pictures in pixels


def world(script: str, *options: str, given: str = "") -> str:
    """Runs a script of world/ -> its output"""
    done = subprocess.run(["npx", "--no-install", "tsx", f"training/world/{script}", *options], cwd=WORLD, input=given,
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"training/world/{script} failed")
    return done.stdout


@dataclass(frozen=True)
class Order:
    """A scene to draw, and the scene by which the drawing is judged"""

    drawn: Any  # scene to draw
    picture: int  # its picture, from which drawing starts
    wanted: Any  # requested scene
    target: int  # its picture


def pick_orders(data: Shards, n: int, misses: bool, rng: np.random.Generator) -> list[Order]:
    """n random orders. A critique must be able to name every thing, so no scene has two things of one
    kind."""
    def plain_spoken(s: Sample) -> bool:
        kinds = [t["who"]["kind"] for t in s.scene["things"]]
        return len(kinds) > 0 and len(set(kinds)) == len(kinds)

    if misses:
        usable = [Order(s.shown, s.refs[0], s.scene, s.target) for s in data.samples
                  if s.task == "critique_fix" and s.shown and s.target is not None and plain_spoken(s)]
    else:
        usable = [Order(s.scene, s.target, s.scene, s.target) for s in data.samples
                  if s.task == "t2i" and s.target is not None and plain_spoken(s)]
    return [usable[i] for i in rng.permutation(len(usable))[:n]]


def requests_for(scenes: list[Any], seed: int) -> list[dict[str, Any]]:
    """-> {text, stated} for every scene"""
    given = "".join(json.dumps(scene) + "\n" for scene in scenes)
    return [json.loads(line) for line in world("own-requests.ts", "--seed", str(seed), given=given).splitlines()]


@dataclass
class Texts:
    """The hidden states of prompts"""

    states: list[Tensor]  # each [L, C], with the system prompt
    start: int  # number of system prompt tokens that blocks omit
    few_shapes: bool  # whether blocks have few widths, for compiled code

    def block(self, numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """-> (states [B, W, C], valid lengths [B], including omitted tokens)"""
        lengths = torch.tensor([len(self.states[i]) for i in numbers])
        own = int(lengths.max()) - self.start
        width = text_columns(own, with_pictures=False, few_shapes=self.few_shapes)
        out = torch.zeros(len(numbers), width, self.states[0].shape[1])
        for r, i in enumerate(numbers):
            out[r, : lengths[r] - self.start] = self.states[i][self.start :]
        return out, lengths


def times(first: Tensor, steps: int, side: int) -> Tensor:
    """Flow times [B, steps + 1] of Euler steps from `first` [B] to 1, equidistant before the official time
    shift for a latent of side x side"""
    m = side / 40
    even = first * m / (1 - first + first * m)
    even = even[:, None] + (1 - even[:, None]) * torch.linspace(0, 1, steps + 1)
    return even / (m - m * even + even)


@torch.no_grad()
def draw(net: OmniGen2Transformer, truth: Tensor, first: Tensor, texts: Texts, prompts: Sequence[int], guidance: float,
         steps: int, noise: Tensor, machine: Machine) -> Tensor:
    """-> latents [B, 16, h, w]

    truth, noise: [B, 16, h, w]; first: flow times [B] at which drawing starts; prompts: indices into `texts`,
    whose last one is the empty prompt
    """
    given, lengths = texts.block(prompts)
    none, none_lengths = texts.block([len(texts.states) - 1] * len(prompts))
    device = machine.device
    given, lengths, none, none_lengths = (x.to(device) for x in (given, lengths, none, none_lengths))
    ts = times(first, steps, truth.shape[-1]).to(device)
    at = first.view(-1, 1, 1, 1)
    x = ((1 - at) * noise + at * truth).to(device)

    def velocity(t: Tensor, text: Tensor, valid: Tensor) -> Tensor:
        with machine.autocast():
            out = net(x, t, text, valid, text_start=texts.start)
        return out.float()  # type: ignore[union-attr]

    for i in range(steps):
        v = velocity(ts[:, i], given, lengths)
        if guidance > 1:
            free = velocity(ts[:, i], none, none_lengths)
            v = free + guidance * (v - free)
        x = x + (ts[:, i + 1] - ts[:, i]).view(-1, 1, 1, 1) * v
    return x.cpu()


def drawings(args: argparse.Namespace, machine: Machine, data: Shards, orders: list[Order],
             words: list[str]) -> Iterator[tuple[list[int], list[np.ndarray], np.ndarray]]:
    """Yields for each batch (indices of the orders, their drawings [B, side, side, 3] for every guidance,
    start times [B])"""
    run = Path(args.run)
    mllm, tok, _ = load_mllm(run)
    start = len(tok.encode(HEAD, add_special_tokens=False).ids) if args.skip_prefix else 0
    net, state = load_transformer(run, f"{args.name}.pt")
    print(f"drawing with step {state['step']} ({state['seen']} samples seen)", flush=True)
    net.to(machine.device)
    few_shapes = not args.no_compile and compile_blocks(net)
    texts = Texts(encode_texts(mllm, tok, [plain(w) for w in [*words, ""]]), start, few_shapes)
    vae, config = load_vae(run)
    vae.to(machine.device)
    shift, scale = config["shift_factor"], config["scaling_factor"]
    torch.manual_seed(args.seed)
    # Texts of a batch have similar lengths, as in training. The last batch is filled up, so that all have one
    # shape.
    by_length = sorted(range(len(orders)), key=lambda i: len(texts.states[i]))
    for at in range(0, len(by_length), args.batch):
        rows = by_length[at : at + args.batch]
        full = rows + rows[:1] * (args.batch - len(rows))
        pictures = data.batch(orders[i].picture for i in full).to(machine.device, memory_format=torch.channels_last)
        with torch.no_grad(), machine.autocast():
            z = (vae.encode(pictures).latent_dist.sample().float().cpu() - shift) * scale
        first = torch.empty(len(full)).uniform_(*args.start)
        drawn = []
        for guidance in args.guidance:
            x = draw(net, z, first, texts, full, guidance, args.steps, torch.randn_like(z), machine)
            with torch.no_grad(), machine.autocast():
                y = vae.decode((x / scale + shift).to(machine.device, memory_format=torch.channels_last)).sample
            drawn.append(to_png(y.float())[: len(rows)])
        yield rows, drawn, first[: len(rows)].numpy()


def write_drawn(folder: Path, args: argparse.Namespace, machine: Machine, data: Shards, orders: list[Order]) -> None:
    """Writes the input of world/own-reflections.ts: images.u8 with the target and then the drawings of every
    order, and cases.jsonl with its scene, request and start time."""
    requests = requests_for([o.wanted for o in orders], args.seed)
    # Without --misses, the scene to draw is the requested one.
    words = [r["text"] for r in (requests_for([o.drawn for o in orders], args.seed) if args.misses else requests)]
    begin, done = time.time(), 0
    with (folder / "images.u8").open("wb") as images, (folder / "cases.jsonl").open("w") as lines:
        for rows, drawn, first in drawings(args, machine, data, orders, words):
            for k, i in enumerate(rows):
                images.write(data.picture(orders[i].target).tobytes())
                for of_guidance in drawn:
                    images.write(of_guidance[k].tobytes())
                lines.write(json.dumps({"scene": orders[i].wanted, **requests[i], "from": round(float(first[k]), 3),
                                        "drawings": len(drawn)}) + "\n")
            done += len(rows) * len(drawn)
            print(f"{done} drawings, {done / (time.time() - begin):.1f} a second", flush=True)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--run", required=True)
    ap.add_argument("--data", required=True)
    ap.add_argument("--want", help="only shard folders whose path contains this text; default t2i-train, with --misses critique_fix-train")
    ap.add_argument("--misses", action="store_true", help="draws the faulty scenes of critique_fix cases")
    ap.add_argument("--n", type=int, default=2000, help="number of requests; each is drawn once for every guidance")
    ap.add_argument("--out", required=True)
    ap.add_argument("--name", default="transformer")
    ap.add_argument("--steps", type=int, default=8)
    ap.add_argument("--guidance", type=float, nargs="+", default=[1.0, 4.0], help="text guidance; 1: none")
    ap.add_argument("--from", dest="start", type=float, nargs=2, default=[0.0, 0.5], help="range of the flow times at which drawing starts")
    ap.add_argument("--skip-prefix", action="store_true", help="required while the transformer is trained with it")
    ap.add_argument("--faults", type=int, default=3, help="drawings with more faults are left out")
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--no-compile", action="store_true")
    add_machine(ap)
    args = ap.parse_args()
    machine = choose_machine(args)
    out = Path(args.out).resolve()
    if (out / "meta.json").exists():
        raise SystemExit(f"{out} already holds a data set: choose a new folder")
    data = find_shards(args.data, args.want or ("critique_fix-train" if args.misses else "t2i-train"))
    if data.size != SIDE:
        raise SystemExit(f"the judge takes pictures of {SIDE} pixels, those of {args.data} have {data.size}")
    orders = pick_orders(data, args.n, args.misses, np.random.default_rng(args.seed))
    drawn = out / "drawn"
    drawn.mkdir(parents=True, exist_ok=True)
    write_drawn(drawn, args, machine, data, orders)
    print(world("own-reflections.ts", "--drawn", str(drawn), "--out", str(out), "--faults", str(args.faults),
                "--seed", str(args.seed)), end="")
    shutil.rmtree(drawn)


if __name__ == "__main__":
    main()
