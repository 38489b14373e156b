"""Small checkpoints to keep: float16 weights without optimiser state; training goes on from them.

python train.py pack --run RUN [--out checkpoint/resume]
To go on: python train.py start --run RUN, then the training step again.
"""
from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: (v.half() if v.is_floating_point() else v) for k, v in state.items()}


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--run", required=True)
    ap.add_argument("--out", default=str(Path(__file__).parent / "checkpoint/resume"))
    args = ap.parse_args()
    run, out = Path(args.run), Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    for name in ("vae", "mllm", "transformer"):
        if not (run / f"{name}.pt").exists():
            continue
        state = torch.load(run / f"{name}.pt", map_location="cpu", weights_only=False)
        keep: dict[str, Any] = {k: state[k] for k in ("step", "seen", "config", "size") if k in state}
        keep["ema"] = half(state["ema"])
        keep["ema"].pop("lm_head.weight", None)  # tied to the embedding
        keep["model"] = keep["ema"]  # training goes on from the mean weights; one copy in the file
        for k in ("echo", "look", "head"):
            if state.get(k):
                keep[k] = half(state[k])
        torch.save(keep, out / f"{name}.pt")
        print(name, f"{(out / f'{name}.pt').stat().st_size / 1e6:.1f} MB, step {state['step']}, {state['seen']} samples")
    for log in run.glob("*.jsonl"):
        shutil.copy(log, out / log.name)


if __name__ == "__main__":
    main()
