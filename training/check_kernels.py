"""Compares values and gradients of kernels.cpp with PyTorch, in float32 and bfloat16: python train.py
check-kernels"""
from __future__ import annotations

from typing import Any, Callable

import torch
from torch import Tensor

import kernels
from kernels import add_scaled_norm, norm_and_rotate, scaled_norm, softmax, swiglu

# Largest difference as a share of the largest value. bfloat16 has 8 bits of precision.
LIMITS = {torch.float32: 3e-6, torch.bfloat16: 2e-2}


def run(f: Callable[..., Tensor], tensors: list[Tensor], weight: Tensor, plain: bool) -> list[Tensor]:
    """-> the value, and the gradients of sum(value * weight) with respect to the tensors that require one"""
    held, kernels.fast = kernels.fast, (lambda _: False) if plain else kernels.fast
    try:
        given = [t.detach().clone().requires_grad_(t.requires_grad) for t in tensors]
        out = f(*given)
        (out.float() * weight).sum().backward()
        return [out.detach()] + [t.grad for t in given if t.grad is not None]
    finally:
        kernels.fast = held


def cases(dtype: torch.dtype) -> dict[str, tuple[Callable[..., Tensor], list[Tensor], tuple[int, ...]]]:
    def some(*shape: int, dtype: torch.dtype = dtype, grad: bool = True) -> Tensor:
        return torch.randn(*shape).to(dtype).requires_grad_(grad)

    f32: Any = torch.float32
    b, s, c, h, d, t = 3, 29, 96, 4, 16, 45
    cos, sin = some(b, s, 1, d // 2, dtype=f32, grad=False), some(b, s, 1, d // 2, dtype=f32, grad=False)
    mask = torch.zeros(b, 1, 1, t).masked_fill(torch.arange(t) > 30, -1e9)
    return {
        "scaled_norm": (lambda x, w, g: scaled_norm(x, w, 1e-5, g), [some(b, s, c), some(c, dtype=f32), some(b, c, dtype=f32)], (b, s, c)),
        "scaled_norm, no factor": (lambda x, w: scaled_norm(x, w, 1e-5), [some(b, s, c), some(c, dtype=f32)], (b, s, c)),
        "add_scaled_norm": (lambda r, x, w, g: add_scaled_norm(r, x, w, 1e-5, g),
                            [some(b, s, c, dtype=f32), some(b, s, c), some(c, dtype=f32), some(b, c, dtype=f32)], (b, s, c)),
        "swiglu": (swiglu, [some(b, s, c), some(b, s, c)], (b, s, c)),
        "norm_and_rotate": (lambda x, w: norm_and_rotate(x, w, 1e-5, (cos, sin)), [some(b, s, h, d), some(d, dtype=f32)], (b, h, s, d)),
        "norm_and_rotate, one rope": (lambda x, w: norm_and_rotate(x, w, 1e-5, (cos[:1], sin[:1])),
                                      [some(b, s, h, d), some(d, dtype=f32)], (b, h, s, d)),
        "softmax": (lambda x: softmax(x, mask, 0.25), [some(b, h, s, t)], (b, h, s, t)),
        "softmax, no mask": (lambda x: softmax(10 * x, None, 2.0), [some(b, h, s, t)], (b, h, s, t)),
    }


def main() -> None:
    if kernels.library() is None:
        print("kernels.cpp is not used on this machine: nothing to compare")
        return
    failed = 0
    for dtype, limit in LIMITS.items():
        torch.manual_seed(1)
        for name, (f, tensors, shape) in cases(dtype).items():
            weight = torch.randn(*shape)
            got, want = run(f, tensors, weight, plain=False), run(f, tensors, weight, plain=True)
            worst = max(((a.float() - b.float()).abs().max() / b.float().abs().max()).item() for a, b in zip(got, want, strict=True))
            failed += not worst <= limit
            print(f"{'ok  ' if worst <= limit else 'FAIL'} {name}, {kernels.NAMES[dtype]}: {worst:.1e} of the largest value (limit {limit:.0e})")
    if failed:
        raise SystemExit(f"{failed} comparisons failed")


if __name__ == "__main__":
    main()
