"""Trains one network in several processes, each on its own core. Gradients are averaged after every step.

Two processes with one thread each are faster on two cores than one process with two threads, whose threads
wait for each other.
"""
from __future__ import annotations

import ctypes
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Team:
    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def average(self, params: Sequence[nn.Parameter], numbers: Sequence[float]) -> list[float]:
        """Averages the gradients of all members in place -> the sums of `numbers` over all members"""
        if self.size == 1:
            return list(numbers)
        grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in params]
        flat = torch.cat([*(g.flatten() for g in grads), torch.tensor(numbers, dtype=torch.float32)])
        dist.all_reduce(flat)
        at = 0
        for p, g in zip(params, grads):
            n = g.numel()
            p.grad = (flat[at : at + n] / self.size).view_as(g)
            at += n
        return flat[at:].tolist()


def _member(rank: int, size: int, store: str, work: Callable[[Team], None]) -> None:
    if sys.platform == "linux":  # ends this process when its parent ends, even if that is killed
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=size)
    work(Team(rank, size))
    dist.destroy_process_group()


def train_together(size: int, work: Callable[[Team], None]) -> None:
    """Runs work(team) in `size` processes. `work` must be a module-level function, because it is pickled."""
    if size == 1:
        work(Team())
        return
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_member, args=(size, str(Path(folder) / "store"), work), nprocs=size)
