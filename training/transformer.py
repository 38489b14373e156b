"""Stage c: trains the transformer by rectified flow on cached latents.

python transformer.py --cache CACHE --run RUN --minutes 30 [--skip-prefix]     (repeat to continue)
CACHE holds one folder for each call of encode.py. Folders that appear during training are used from the next
pass on.
t runs from 0 (noise) to 1 (picture); the network predicts picture minus noise.
--skip-prefix omits the constant states of the system prompt from the sequence (positions stay), which makes
steps cheaper. The last phase must run without it, because the official pipeline always sends them.
"""
from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cache import Batch, Cache
from hints import LOCAL_NAMES, HintHead
from kernels import fast
from model import OmniGen2Transformer, TransformerConfig
from optim import Ema, Log, Optimisers, clip, save, schedule
from speed import Machine, add_machine, choose_machine
from team import Team, train_together


def draw_t(n: int, mean: float, spread: float) -> Tensor:
    """Logit-normal times [n], stratified over the batch"""
    u = (torch.randperm(n) + torch.rand(n)) / n
    return torch.sigmoid(mean + spread * torch.special.ndtri(u.clamp(1e-4, 1 - 1e-4)))


# A token is changed if the mean difference of its latents (standard deviation 1) is above this. Unchanged
# tokens are below 0.1.
CHANGED = 0.3

# Weight of the unchanged tokens of an edit, between that of the empty page (0) and that of things (1).
KEPT = 0.3


def is_edit(b: Batch) -> bool:
    return b.task in ("edit", "critique_fix") and len(b.refs) == 1 and b.refs[0].shape == b.x.shape


def changed_tokens(b: Batch, side: int) -> Tensor:
    """Where the target of an edit differs from its reference -> bool [B, side * side]; false if that is most
    of the page"""
    if not is_edit(b):
        return torch.zeros(len(b.x), side * side, dtype=torch.bool, device=b.x.device)
    far = F.adaptive_avg_pool2d((b.x - b.refs[0]).abs().mean(1), side).flatten(1) > CHANGED
    return far & (far.float().mean(1, keepdim=True) < 0.5)


def thing_weights(b: Batch, extra: float, details: float = 0.0) -> Tensor:
    """Loss weights [B, h, w]: (1 + extra * share) / (1 + extra / 4), with a mean of about 1, as things
    usually cover a quarter of the page.

    share: 0 on the empty page, KEPT on the unchanged tokens of an edit, 1 on things and where one was
    removed, 1 + details on things with a pattern or an accessory
    """
    side = round(b.hints.shape[-1] ** 0.5)
    kind, pattern, worn = (b.hints[:, LOCAL_NAMES.index(name)] for name in ("kind", "pattern", "accessory"))
    on = (kind > 0) & (kind != 255)
    fine = on & ((pattern > 1) | (worn > 0))
    share = (on | changed_tokens(b, side)).float().clamp(min=KEPT if is_edit(b) else 0.0)
    share = (share + details * fine.float()).view(-1, side, side)
    per = b.x.shape[-1] // side
    return (1 + extra * share.repeat_interleave(per, 1).repeat_interleave(per, 2)) / (1 + extra / 4)


def time_weights(t: Tensor, late: float) -> Tensor:
    """t [B] -> loss weights [B]: 1 up to the time `late`, then falling with the square of the remaining
    noise. The error of the velocity is the error of the picture divided by 1 - t, so invisible errors near t
    = 1 would dominate."""
    return ((1 - t) / (1 - late)).clamp(max=1.0).square() if late < 1 else torch.ones_like(t)


def flow_loss(net: OmniGen2Transformer, b: Batch, t: Tensor, skip: int, head: Optional[HintHead], tap: int,
              machine: Machine, things: float = 0.0, late: float = 1.0, details: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """-> (mean squared velocity error of every sample [B], the same with thing and time weights, mean
    cross-entropy of the hints or 0)"""
    noise = torch.randn_like(b.x)
    tt = t.view(-1, 1, 1, 1)
    with machine.autocast():
        out = net((1 - tt) * noise + tt * b.x, t, b.text, b.text_len, b.refs, text_start=skip, tap=tap if head else None)
    v, y = out if head else (out, None)
    hint = head(y.float(), b.hints)[0] if head else b.x.new_zeros(())
    error = (v.float() - (b.x - noise)).square().mean(1)
    return error.mean((1, 2)).detach(), (error * thing_weights(b, things, details)).mean((1, 2)) * time_weights(t, late), hint


def compile_blocks(net: OmniGen2Transformer) -> bool:
    """Compiles the blocks unless kernels.cpp does the work between matrix products. Every new shape then
    takes about half a minute once. -> whether the blocks are compiled"""
    if fast(next(net.parameters())):
        return False
    torch._dynamo.config.recompile_limit = 64
    for stack in (net.layers, net.noise_refiner, net.ref_image_refiner, net.context_refiner):
        for block in stack:
            block.compile(dynamic=False)
    return True


def flops_per_sample(cfg: TransformerConfig, text: int, image: int, refs: int) -> float:
    """FLOPs of one sample, forward and backward (3 x forward): linear layers and attention."""
    d, kv, n = cfg.hidden_size, cfg.num_kv_heads * cfg.head_dim, cfg.num_layers
    s = text + image + refs
    linear = 2 * (2 * d * d + 2 * d * kv + 3 * d * cfg.ffn_inner) * (n + cfg.num_refiner_layers) * s
    return 3.0 * (linear + 4 * d * (n * s * s + cfg.num_refiner_layers * (text**2 + image**2)))


class Caches:
    """All finished cache folders under a root. New ones are loaded at the next pass."""

    def __init__(self, root: Path, size: int) -> None:
        self.root, self.size = root, size
        self.loaded: dict[str, Cache] = {}

    def refresh(self) -> list[Cache]:
        for meta in sorted(self.root.rglob("meta.json")):
            if str(meta) not in self.loaded:
                self.loaded[str(meta)] = Cache(meta.parent, self.size)
        if not self.loaded:
            raise FileNotFoundError(f"no cache folder under {self.root}; encode.py writes them")
        return list(self.loaded.values())


def load_transformer(run: Path, name: str = "transformer.pt", ema: bool = True) -> tuple[OmniGen2Transformer, dict[str, Any]]:
    state = torch.load(run / name, map_location="cpu", weights_only=False)
    net = OmniGen2Transformer(TransformerConfig.from_json(state["config"]))
    net.load_state_dict(state["ema"] if ema else state["model"])
    return net.eval(), state


def read_args() -> argparse.Namespace:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--cache", required=True)
    ap.add_argument("--run", required=True)
    ap.add_argument("--name", default="transformer")
    ap.add_argument("--size", type=int, default=128, help="side of the pictures in pixels")
    ap.add_argument("--minutes", type=float, default=30)
    add_machine(ap)
    ap.add_argument("--processes", type=int, default=1, help="number of training processes, each with --threads threads")
    ap.add_argument("--no-compile", action="store_true")
    ap.add_argument("--batch", type=int, nargs=4, default=[64, 48, 32, 24], help="batch size with 0, 1, 2, 3 references")
    ap.add_argument("--shares", default="", help="task=N,…: how often a pass uses the items of a task; default 1")
    ap.add_argument("--skip-prefix", action="store_true")
    ap.add_argument("--drop", type=float, default=0.1)
    ap.add_argument("--t-mean", type=float, default=-0.2)
    ap.add_argument("--t-spread", type=float, default=1.0)
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--adam-lr", type=float, default=1e-3)
    ap.add_argument("--cool", type=float, default=0.3, help="share of this call in which the learning rate falls to zero")
    ap.add_argument("--warm", type=float, default=20.0, help="seconds in which the learning rate rises")
    ap.add_argument("--ema", type=float, default=0.998)
    ap.add_argument("--hint", type=float, default=0.2, help="weight of the scene hints (hints.py)")
    ap.add_argument("--things", type=float, default=2.0, help="extra weight of errors on things, compared with the page")
    ap.add_argument("--details", type=float, default=0.0, help="further weight on things with a pattern or an accessory")
    ap.add_argument("--late", type=float, default=0.5, help="time from which errors weigh less (1: never)")
    ap.add_argument("--most", type=int, default=99, help="only cases with at most this many drawn copies")
    ap.add_argument("--tap", type=int, default=3, help="layer after which the hint head is")
    ap.add_argument("--fresh", action="store_true")
    ap.add_argument("--fresh-optimiser", action="store_true")
    return ap.parse_args()


def train(team: Team) -> None:
    args = read_args()
    machine = choose_machine(args)
    device = machine.device
    run = Path(args.run)
    path = run / f"{args.name}.pt"
    caches = Caches(Path(args.cache), args.size)
    state = torch.load(path, map_location="cpu", weights_only=False) if path.exists() and not args.fresh else None
    cfg = TransformerConfig.from_json(state["config"]) if state else TransformerConfig(
        text_feat_dim=caches.refresh()[0].text.shape[1])
    torch.manual_seed(3)
    net = OmniGen2Transformer(cfg).to(device)
    blocks = ("layers.", "noise_refiner.", "ref_image_refiner.", "context_refiner.")
    head = HintHead(cfg.hidden_size).to(device) if args.hint else None
    both = torch.nn.ModuleDict({"net": net} | ({"head": head} if head else {}))
    opt = Optimisers(both, lambda n, p: n.removeprefix("net.").startswith(blocks) and p.ndim == 2 and "norm1" not in n, args.lr, args.adam_lr, 0.01, bf16=machine.bf16)
    ema = Ema(net, args.ema)
    step = seen = 0
    if state:
        net.load_state_dict(state["model"])
        ema.shadow = {k: v.float().to(device) for k, v in state["ema"].items()}
        step, seen = state["step"], state["seen"]
        if head and state.get("head"):
            head.load_state_dict(state["head"])
        if "opt" in state and bool(head) == bool(state.get("head")) and not args.fresh_optimiser:
            opt.load_state_dict(state["opt"])
    shares = {k: float(v) for k, v in (p.split("=") for p in args.shares.split(",") if p)}
    few_shapes = not args.no_compile and compile_blocks(net)
    log = Log(run / f"{args.name}.jsonl", quiet=not team.leads)
    log.write(event="start", step=step, seen=seen, parameters=sum(p.numel() for p in net.parameters()), bf16=machine.bf16, **vars(args))
    order = np.random.default_rng(90 + step)  # the same for all members, whose steps must match
    rng = np.random.default_rng((91 + step, team.rank))
    torch.manual_seed(90 + step + 100003 * team.rank)
    params = [p for p in both.parameters() if p.requires_grad]
    begin, total = time.time(), args.minutes * 60
    sums: dict[str, float] = defaultdict(float)
    hits: dict[str, int] = defaultdict(int)
    mark, mark_seen, flops, last = time.time(), seen, 0.0, time.time()
    queue: list[tuple[Cache, list[np.ndarray]]] = []

    def store() -> None:
        save(path, {"model": net.state_dict(), "ema": ema.shadow, "opt": opt.state_dict(), "step": step, "seen": seen,
                    "head": head.state_dict() if head else None, "config": cfg.to_json(), "size": args.size})

    while True:
        if not queue:
            queue = [(c, b) for c in caches.refresh() for b in c.plan(args.batch, order, shares, args.most, team.size)]
            queue = [queue[i] for i in order.permutation(len(queue))]
            log.write(event="pass", step=step, seen=seen, caches=len(caches.loaded), batches=len(queue))
        cache, shares_of_step = queue.pop()
        b = cache.batch(shares_of_step[team.rank], rng, args.drop, args.skip_prefix, few_shapes).to(device)
        t = draw_t(len(b.x), args.t_mean, args.t_spread).to(device)
        losses, weighted, hint = flow_loss(net, b, t, len(cache.prefix) if args.skip_prefix else 0, head, args.tap, machine,
                                           args.things, args.late, args.details)
        (weighted.mean() + args.hint * hint).backward()
        if head:
            sums["hint"] += hint.item()
            hits["hint"] += 1
        now = time.time() - begin
        rate, over, drawn = team.average(params, (schedule(now, total, args.warm, total * args.cool) if team.leads else 0.0,
                                                  float(team.leads and now > total), len(b.x)))
        norm = clip(net.parameters(), 1.0)
        opt.step(rate)
        step += 1
        seen += int(drawn)
        ema.update(net, step)
        image = b.x.shape[2] * b.x.shape[3] // 4
        flops += len(b.x) * flops_per_sample(cfg, b.text.shape[1], image, image * len(b.refs))
        sums[f"loss_{b.task}"] += losses.mean().item()
        hits[f"loss_{b.task}"] += 1
        for lo, name in ((0.0, "low"), (0.33, "mid"), (0.67, "high")):
            inside = (t >= lo) & (t < lo + 0.34)
            if inside.any():
                sums[f"t_{name}"] += losses[inside].mean().item()
                hits[f"t_{name}"] += 1
        if step % 50 == 0:
            took = time.time() - mark
            log.write(step=step, seen=seen, samples_s=(seen - mark_seen) / took, gflops=flops / took / 1e9,
                      norm=norm, **{k: v / hits[k] for k, v in sums.items()})
            sums.clear(), hits.clear()
            mark, mark_seen, flops = time.time(), seen, 0.0
        if over:
            break
        if team.leads and time.time() - last > 150:
            store()
            last = time.time()
    if team.leads:
        store()
    log.write(event="end", step=step, seen=seen)


def main() -> None:
    train_together(read_args().processes, train)


if __name__ == "__main__":
    main()
