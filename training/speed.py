"""Chooses the device and the number type with which this machine trains fastest."""
from __future__ import annotations

import argparse
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch


def matmul_rate(dtype: torch.dtype, n: int = 1024, repeats: int = 5) -> float:
    """GFLOP/s of matrix products of side n on the CPU. The fastest of some counts, as other processes slow
    some down."""
    a, b = torch.randn(n, n).to(dtype), torch.randn(n, n).to(dtype)
    took = []
    for _ in range(1 + repeats):
        start = time.perf_counter()
        a @ b
        took.append(time.perf_counter() - start)
    return 2 * n**3 / min(took) / 1e9


def cpu_likes_bf16() -> bool:
    """Whether bfloat16 products run at least 1.5 times as fast as float32: with AVX512-bf16 and AMX, not with
    AVX2."""
    slow = matmul_rate(torch.bfloat16, 256)  # without hardware support this is about 1 GFLOP/s
    return slow > 30 and matmul_rate(torch.bfloat16) > 1.5 * matmul_rate(torch.float32)


@dataclass(frozen=True)
class Machine:
    device: torch.device
    bf16: bool

    def autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16)


def add_machine(ap: argparse.ArgumentParser) -> None:
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--device", default="auto", help="auto: cuda if there is one, else cpu")
    ap.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto", help="auto measures this machine")


def choose_machine(args: argparse.Namespace) -> Machine:
    """The machine that the options of add_machine describe. Sets the number of threads."""
    torch.set_num_threads(args.threads)
    name = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(name)
    if args.precision != "auto":
        return Machine(device, args.precision == "bf16")
    return Machine(device, device.type == "cuda" or cpu_likes_bf16())
