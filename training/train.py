"""Runs a step:  python train.py STEP [options of the step]

STEP: start, data, tokenizer, vae, mllm, encode, transformer, export, pack, sample, goldens, check-mllm,
check-kernels, judge, reflection-data, smoke. `start` makes a run folder from the committed weights:    python
train.py start --run runs/a `data` renders shards of the world (../src/storybook):    python train.py data
--out data --scale 1 [--seed 100] `smoke` runs every step on a tiny data set:               python train.py
smoke Every training step continues from the last checkpoint in --run; --fresh starts from zero.
"""
from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
STEPS = {"tokenizer": "tokenizer", "vae": "vae", "mllm": "mllm_train", "encode": "encode", "transformer": "transformer",
         "export": "export", "pack": "pack", "sample": "sample", "goldens": "check_goldens", "check-mllm": "check_mllm",
         "check-kernels": "check_kernels", "judge": "judge", "reflection-data": "reflection_data", "smoke": "smoke"}
COUNTS = {"t2i": 36000, "understand": 60000, "reflect": 22000, "checklist": 5000, "chat": 6000, "edit": 20000,
          "incontext": 8000, "critique_fix": 6000}
COMPUTING = {"check-kernels", "vae", "mllm", "encode", "transformer", "judge", "reflection-data", "smoke"}
# By default glibc returns big buffers to the system after every step and faults them in again, page by page.
# With these settings it keeps them.
KEEP_BUFFERS = {"MALLOC_MMAP_THRESHOLD_": 1 << 30, "MALLOC_TRIM_THRESHOLD_": 1 << 34, "MALLOC_TOP_PAD_": 1 << 28,
                "THP_MEM_ALLOC_ENABLE": 1}
# GCC 12 generates wrong code for AVX512-FP16: gradients are NaN (torch.compile, PyTorch 2.15). Processors
# that have AVX512-FP16 run code for this target too.
SAFE_TARGET = {"TORCHINDUCTOR_CPP_MARCH": "cooperlake"}


def has_float16_vectors() -> bool:
    info = Path("/proc/cpuinfo")
    return info.exists() and "avx512_fp16" in info.read_text()


def set_environment() -> None:
    """Restarts this command once with KEEP_BUFFERS and SAFE_TARGET in its environment: both are read when a
    process starts."""
    wanted = KEEP_BUFFERS | (SAFE_TARGET if has_float16_vectors() else {})
    missing = {k: str(v) for k, v in wanted.items() if k not in os.environ}
    if missing and sys.platform == "linux":
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | missing)


def make_data() -> None:
    """Writes shards of every task under --out: about 10 minutes and 10 GB at scale 1."""
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--scale", type=float, default=1.0)
    ap.add_argument("--seed", type=int, default=100)
    ap.add_argument("--split", default="train", choices=("train", "heldout"))
    ap.add_argument("--tasks", nargs="+", default=list(COUNTS))
    ap.add_argument("--questions", type=int, default=0, help="further questions about every picture that has a question")
    args = ap.parse_args()
    for i, task in enumerate(args.tasks):
        n, seed = int(COUNTS[task] * args.scale), args.seed + i
        subprocess.run(["npx", "tsx", "training/world/make-shards.ts", "--task", task, "--n", str(n), "--seed", str(seed),
                        "--split", args.split, "--questions", str(args.questions),
                        "--out", str(Path(args.out).resolve() / f"{task}-{args.split}-{seed}")],
                       cwd=HERE.parent, check=True)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in {*STEPS, "data", "start"}:
        print(__doc__)
        raise SystemExit(2)
    if sys.argv[1] in COMPUTING:
        set_environment()
    step = sys.argv.pop(1)
    sys.argv[0] = f"train.py {step}"
    if step == "data":
        make_data()
    elif step == "start":
        importlib.import_module("pack").start()
    else:
        importlib.import_module(STEPS[step]).main()


if __name__ == "__main__":
    main()
