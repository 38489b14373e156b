"""The operations between the matrix products of a transformer block, each in one pass over memory.

On CPUs kernels.cpp does them. The machine's C++ compiler builds it once, in 2 seconds. On a GPU, or without a
compiler, PyTorch does them and the trainer compiles the blocks instead (`fast`). `check_kernels.py` compares
values and gradients of both.
"""
from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Optional

import torch
import torch.nn.functional as F
from torch import Tensor

SOURCE = Path(__file__).with_name("kernels.cpp")
# The parts of -ffast-math without its start-up code, which turns denormals off for the whole process.
OPTIONS = ["-O3", "-std=c++17", "-shared", "-fPIC", "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros",
           "-fassociative-math", "-freciprocal-math", "-ffinite-math-only"]
NAMES = {torch.float32: "f32", torch.bfloat16: "bf16"}


@cache
def library() -> Optional[ctypes.CDLL]:
    """The built kernels, cached in ~/.cache/storybook-kernels; None if they cannot be built or
    STORYBOOK_KERNELS=0"""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if compiler is None or os.environ.get("STORYBOOK_KERNELS") == "0":
        return None
    march = os.environ.get("TORCHINDUCTOR_CPP_MARCH", "native")
    command = [compiler, *OPTIONS, f"-march={march}", *(["-mprefer-vector-width=512"] if torch.cpu._is_avx512_supported() else [])]
    name = hashlib.sha256((SOURCE.read_text() + " ".join(command) + torch.backends.cpu.get_cpu_capability()).encode()).hexdigest()[:16]
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "storybook-kernels"
    path = folder / f"{name}.so"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as beside:
                built = Path(beside) / "kernels.so"
                subprocess.run([*command, "-o", str(built), str(SOURCE)], check=True, capture_output=True)
                built.rename(path)
        return ctypes.CDLL(str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"kernels.cpp was not built ({error}): PyTorch takes its place and is slower", flush=True)
        return None


def fast(x: Tensor) -> bool:
    """Whether kernels.cpp can run on tensors like x. Compiled code cannot call it."""
    return not torch.compiler.is_compiling() and x.device.type == "cpu" and x.dtype in NAMES and library() is not None


def call(name: str, *args: Any) -> None:
    """Runs a kernel. Tensors must be contiguous and stay alive until it returns."""
    given: list[Any] = []
    for a in args:
        if isinstance(a, Tensor):
            given.append(ctypes.c_void_p(a.data_ptr()))
        elif isinstance(a, float):
            given.append(ctypes.c_float(a))
        else:
            given.append(None if a is None else ctypes.c_int64(a))
    getattr(library(), name)(*given)


class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, factor: Optional[Tensor], residual: Optional[Tensor], eps: float,
                dtype: torch.dtype) -> Tensor:
        batch, rows, width = x.shape
        x = x.contiguous()
        factor = None if factor is None else factor.contiguous()
        out = torch.empty(x.shape, dtype=dtype)
        rstd = torch.empty(batch, rows)
        call(f"norm_forward_{NAMES[x.dtype]}_{NAMES[dtype]}", x, None if residual is None else residual.contiguous(), weight,
             factor, out, rstd, batch, rows, width, eps)
        ctx.save_for_backward(x, weight, factor, rstd)
        ctx.dtype, ctx.adds = dtype, residual is not None
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Optional[Tensor], ...]:
        x, weight, factor, rstd = ctx.saved_tensors
        batch, rows, width = x.shape
        grad = grad.to(ctx.dtype).contiguous()
        grad_x, grad_weight = torch.empty_like(x), torch.zeros_like(weight)
        grad_factor = None if factor is None else torch.empty_like(factor)
        call(f"norm_backward_{NAMES[x.dtype]}_{NAMES[ctx.dtype]}", grad, x, rstd, weight, factor, grad_x, grad_factor, grad_weight,
             batch, rows, width)
        return grad_x, grad_weight, grad_factor, grad if ctx.adds else None, None, None


def rms(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """RMSNorm over the last axis, computed in float32, in the type of x"""
    y = x.float()
    return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + eps) * weight).to(x.dtype)


def scaled_norm(x: Tensor, weight: Tensor, eps: float, factor: Optional[Tensor] = None) -> Tensor:
    """RMSNorm of x [B, S, C] times factor [B, C], computed in float32 -> [B, S, C] in the type of matrix
    products"""
    if fast(x):
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
        return Norm.apply(x, weight, None if factor is None else factor.float(), None, eps, dtype)
    y = rms(x.float(), weight, eps)
    return y if factor is None else y * factor.unsqueeze(1)


def add_scaled_norm(to: Tensor, x: Tensor, weight: Tensor, eps: float, factor: Optional[Tensor] = None) -> Tensor:
    """to [B, S, C] float32 plus scaled_norm(x) -> [B, S, C] float32"""
    if fast(x) and to.dtype == torch.float32:
        return Norm.apply(x, weight, None if factor is None else factor.float(), to, eps, torch.float32)
    return to + scaled_norm(x, weight, eps, factor)


class Swiglu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        a, b = a.contiguous(), b.contiguous()
        ctx.save_for_backward(a, b)
        out = torch.empty_like(a)
        call(f"swiglu_forward_{NAMES[a.dtype]}", a, b, out, a.numel())
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        grad_a, grad_b = torch.empty_like(a), torch.empty_like(b)
        call(f"swiglu_backward_{NAMES[a.dtype]}", grad.contiguous(), a, b, grad_a, grad_b, a.numel())
        return grad_a, grad_b


def swiglu(a: Tensor, b: Tensor) -> Tensor:
    """silu(a) * b"""
    return Swiglu.apply(a, b) if fast(a) else F.silu(a) * b


class Rope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, cos: Tensor, sin: Tensor, eps: float) -> Tensor:
        batch, rows, heads, d = x.shape
        x, weight, cos, sin = x.contiguous(), weight.contiguous(), cos.contiguous(), sin.contiguous()
        out = torch.empty(batch, heads, rows, d, dtype=x.dtype)
        rstd = torch.empty(batch, rows, heads)
        ctx.per_batch = 0 if cos.shape[0] == 1 else rows * d // 2
        call(f"rope_forward_{NAMES[x.dtype]}", x, weight, cos, sin, ctx.per_batch, out, rstd, batch, rows, heads, d, eps)
        ctx.save_for_backward(x, weight, cos, sin, rstd)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Optional[Tensor], ...]:
        x, weight, cos, sin, rstd = ctx.saved_tensors
        batch, rows, heads, d = x.shape
        grad_x, grad_weight = torch.empty_like(x), torch.zeros_like(weight)
        call(f"rope_backward_{NAMES[x.dtype]}", grad.contiguous(), x, rstd, weight, cos, sin, ctx.per_batch, grad_x, grad_weight,
             batch, rows, heads, d)
        return grad_x, grad_weight, None, None, None


def norm_and_rotate(x: Tensor, weight: Tensor, eps: float, rope: tuple[Tensor, Tensor]) -> Tensor:
    """RMSNorm of every head of x [B, S, H, D], then a rotation of its halves by rope (cos and sin, each
    [B or 1, S, 1, D/2]) -> [B, H, S, D] in the type of x"""
    cos, sin = rope
    if fast(x):
        return Rope.apply(x, weight, cos, sin, eps)
    even, odd = rms(x, weight, eps).chunk(2, dim=-1)
    return torch.cat([even * cos - odd * sin, even * sin + odd * cos], dim=-1).to(x.dtype).transpose(1, 2)


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, mask: Optional[Tensor], scale: float) -> Tensor:
        scores = scores.contiguous()
        batch, width = scores.shape[0], scores.shape[-1]
        rows = scores.numel() // (batch * width)
        held = None if mask is None else mask.float().expand(batch, 1, 1, width).reshape(batch, width).contiguous()
        out = torch.empty_like(scores)
        call(f"softmax_forward_{NAMES[scores.dtype]}", scores, held, out, batch, rows, width, scale)
        ctx.save_for_backward(out)
        ctx.scale = scale
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Optional[Tensor], ...]:
        (p,) = ctx.saved_tensors
        out = torch.empty_like(p)
        width = p.shape[-1]
        call(f"softmax_backward_{NAMES[p.dtype]}", grad.contiguous(), p, out, p.numel() // width, width, ctx.scale)
        return out, None, None


def softmax(scores: Tensor, mask: Optional[Tensor], scale: float) -> Tensor:
    """softmax(scores * scale + mask) in the type of scores. scores: [B, H, S, T]; mask: additive, broadcast
    to scores. PyTorch computes it if the mask differs between rows."""
    if fast(scores) and (mask is None or mask.shape[-2] == 1):
        return Softmax.apply(scores, mask, scale)
    x = scores.float() * scale
    return torch.softmax(x if mask is None else x + mask, dim=-1).to(scores.dtype)
