"""Which number type trains fastest on this machine."""
from __future__ import annotations

import argparse
import time
from contextlib import AbstractContextManager

import torch


def matmul_rate(dtype: torch.dtype, n: int = 1024, repeats: int = 5) -> float:
    """Square products of side n -> GFLOP/s"""
    a, b = torch.randn(n, n).to(dtype), torch.randn(n, n).to(dtype)
    a @ b
    start = time.perf_counter()
    for _ in range(repeats):
        a @ b
    return 2 * n**3 * repeats / (time.perf_counter() - start) / 1e9


def add_precision(ap: argparse.ArgumentParser) -> None:
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto", help="auto measures this machine")


def choose_bf16(precision: str) -> bool:
    """auto: bfloat16 where its products run at least 1.5 times as fast (AVX512-bf16 and AMX), else float32"""
    if precision != "auto":
        return precision == "bf16"
    slow = matmul_rate(torch.bfloat16, 256, 2)  # without hardware support this is about 1 GFLOP/s
    return slow > 30 and matmul_rate(torch.bfloat16) > 1.5 * matmul_rate(torch.float32)


def autocast(bf16: bool) -> AbstractContextManager[None]:
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16)
