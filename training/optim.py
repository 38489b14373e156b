"""Muon for matrices (convolutions as matrices), AdamW for the rest, EMA, learning rate schedule, JSON-lines
log."""
from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any, Callable, Iterable

import torch
from torch import Tensor, nn


def orthogonalise(g: Tensor, steps: int = 5, bf16: bool = False) -> Tensor:
    """Newton-Schulz iteration: a stack of matrices [N, R, C] -> nearly orthogonal matrices, float32"""
    a, b, c = 3.4445, -4.7750, 2.0315
    flip = g.shape[-2] > g.shape[-1]
    x = g.transpose(-2, -1) if flip else g
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    x = x.bfloat16() if bf16 else x
    for _ in range(steps):
        s = x @ x.transpose(-2, -1)
        x = torch.baddbmm(x, torch.baddbmm(s, s, s, beta=b, alpha=c), x, beta=a)
    return (x.transpose(-2, -1) if flip else x).float()


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum. Steps are as large as AdamW's (factor 0.2 * sqrt(max side))."""

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.95, weight_decay: float = 0.0,
                 bf16: bool = False) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.bf16 = bf16

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[Tensor]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault((p.shape[0], p[0].numel()), []).append(p)
            for (rows, cols), ps in shapes.items():
                updates = []
                for p in ps:
                    buf = self.state[p].setdefault("momentum", torch.zeros_like(p))
                    buf.lerp_(p.grad, 1 - group["momentum"])
                    updates.append(p.grad.lerp(buf, group["momentum"]).reshape(rows, cols))
                out = orthogonalise(torch.stack(updates), bf16=self.bf16)
                scale = group["lr"] * 0.2 * math.sqrt(max(rows, cols))
                for p, u in zip(ps, out):
                    if group["weight_decay"]:
                        p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(u.view_as(p), alpha=-scale)


class Optimisers:
    """Muon for the parameters that pass `is_matrix`, AdamW for the others, with one schedule for both."""

    def __init__(self, model: nn.Module, is_matrix: Callable[[str, Tensor], bool], lr: float, adam_lr: float,
                 weight_decay: float = 0.01, bf16: bool = False, momentum: float = 0.95) -> None:
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        mats = [p for n, p in named if p.ndim >= 2 and is_matrix(n, p)]
        ids = {id(p) for p in mats}
        rest = [p for _, p in named if id(p) not in ids]
        decay = [p for p in rest if p.ndim >= 2]
        plain = [p for p in rest if p.ndim < 2]
        self.all: list[torch.optim.Optimizer] = [torch.optim.AdamW(
            [{"params": decay, "weight_decay": weight_decay}, {"params": plain, "weight_decay": 0.0}],
            lr=adam_lr, betas=(0.9, 0.95), fused=True)]
        if mats:
            self.all.append(Muon(mats, lr=lr, weight_decay=weight_decay, momentum=momentum, bf16=bf16))
        self.base = [[g["lr"] for g in o.param_groups] for o in self.all]

    def step(self, factor: float) -> None:
        for o, base in zip(self.all, self.base):
            for g, lr in zip(o.param_groups, base):
                g["lr"] = lr * factor
            o.step()
            o.zero_grad(set_to_none=True)

    def state_dict(self) -> list[Any]:
        return [o.state_dict() for o in self.all]

    def load_state_dict(self, states: list[Any]) -> None:
        for o, s, base in zip(self.all, states, self.base):
            o.load_state_dict(s)
            for g, lr in zip(o.param_groups, base):
                g["lr"] = lr


def clip(params: Iterable[Tensor], most: float) -> float:
    """Clips the gradients to a norm of at most `most` -> their norm before. Stops the training if it is not
    finite, before a step or a checkpoint changes the weights."""
    norm = float(nn.utils.clip_grad_norm_(params, most))
    if not math.isfinite(norm):
        raise FloatingPointError(f"the norm of the gradients is {norm}; the last checkpoint is unchanged; "
                                 "--precision fp32 or --no-compile may help")
    return norm


class Ema:
    """Exponential moving average of the weights. The decay grows with the step, so that early weights count
    less."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.shadow = {k: v.detach().clone() for k, v in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        d = min(self.decay, (1 + step) / (10 + step))
        params = dict(model.named_parameters())
        torch._foreach_lerp_(list(self.shadow.values()), [params[k] for k in self.shadow], 1 - d)


def schedule(now: float, total: float, warm: float, cool: float) -> float:
    """Factor of the learning rate: constant, with linear warm-up and cool-down. All arguments are in the same
    unit, steps or seconds."""
    up = min(1.0, (now + 1) / max(warm, 1e-9))
    down = min(1.0, max(0.02, (total - now) / max(cool, 1e-9)))
    return min(up, down)


class Log:
    """Appends one JSON object a line to a file and prints it. A quiet log does neither."""

    def __init__(self, path: Path, quiet: bool = False) -> None:
        self.quiet = quiet
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("a")
        self.start = time.time()

    def write(self, **row: Any) -> None:
        if self.quiet:
            return
        row = {k: (round(v, 5) if isinstance(v, float) else v) for k, v in row.items()}
        row["wall"] = round(time.time() - self.start, 1)
        line = json.dumps(row)
        self.file.write(line + "\n")
        self.file.flush()
        print(line, flush=True)


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes to a temporary file and renames it, so that a killed run leaves no incomplete checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tmp = path.with_suffix(".tmp")
    torch.save(state, tmp)
    tmp.rename(path)
