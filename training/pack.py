"""Stores what training needs beside the official checkpoint to continue: counters, training-only heads, logs.

python train.py pack --run RUN          after `export`: writes checkpoint/resume (2.5 MB) and removes checkpoint/next
python train.py start --run RUN         makes a run folder from checkpoint/storybook and checkpoint/resume
Optimiser states are not stored (60 MB); they start from zero.
"""
from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from model import TransformerConfig
from vae import CONFIG

HERE = Path(__file__).parent
CHECKPOINT, RESUME, NEXT = HERE / "checkpoint/storybook", HERE / "checkpoint/resume", HERE / "checkpoint/next"
PARTS = ("vae", "mllm", "transformer")
HEADS = ("heads", "head")


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k: v.half() for k, v in state.items()}


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--run", required=True)
    ap.add_argument("--next", choices=PARTS, help="stores this part only, for a model that is not finished")
    args = ap.parse_args()
    run = Path(args.run)
    if args.next:
        keep_next(run, args.next)
        return
    RESUME.mkdir(parents=True, exist_ok=True)
    out: dict[str, dict[str, Any]] = {}
    for name in PARTS:
        state = torch.load(run / f"{name}.pt", map_location="cpu", weights_only=False)
        out[name] = {k: state[k] for k in ("step", "seen")} | {k: half(state[k]) for k in HEADS if state.get(k)}
    torch.save(out, RESUME / "training.pt")
    for log in run.glob("*.jsonl"):
        keep_log(log, RESUME)
    shutil.rmtree(NEXT, ignore_errors=True)  # the built-in model has caught up
    print({name: (part["step"], part["seen"]) for name, part in out.items()})


def keep_log(log: Path, folder: Path) -> None:
    """Copies a log without the paths of the machine that trained."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    kept = [{k: v for k, v in row.items() if k not in ("data", "run", "cache", "vae")} for row in rows]
    (folder / log.name).write_text("".join(json.dumps(row) + "\n" for row in kept))


def keep_next(run: Path, name: str) -> None:
    """Writes checkpoint/next/NAME.pt (averaged weights in float16, counters, training-only heads) and the
    part's log."""
    state = torch.load(run / f"{name}.pt", map_location="cpu", weights_only=False)
    NEXT.mkdir(parents=True, exist_ok=True)
    kept = {k: state[k] for k in ("config", "step", "seen")} | {k: half(state[k]) for k in HEADS if state.get(k)}
    torch.save(kept | {"ema": half(state["ema"])}, NEXT / f"{name}.pt")
    keep_log(run / f"{name}.jsonl", NEXT)
    print({name: (state["step"], state["seen"])})


def weights(part: str, file: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """One part of the official checkpoint -> (float32 weights, config.json)"""
    state = {k: v.float() for k, v in load_file(CHECKPOINT / part / f"{file}.safetensors").items()}
    return state, json.loads((CHECKPOINT / part / "config.json").read_text())


def start() -> None:
    """Makes a run folder from the committed weights. Stops if the folder already holds a part."""
    ap = argparse.ArgumentParser(description=start.__doc__)
    ap.add_argument("--run", required=True)
    run = Path(ap.parse_args().run)
    run.mkdir(parents=True, exist_ok=True)
    if any(run.glob("*.pt")):
        raise SystemExit(f"{run} already holds a run: choose a new folder")
    kept = torch.load(RESUME / "training.pt", weights_only=False)
    vae, vae_config = weights("vae", "diffusion_pytorch_model")
    mllm, mllm_config = weights("mllm", "model")
    transformer, transformer_config = weights("transformer", "diffusion_pytorch_model")
    names = {k: k.replace("model.", "model.language_model.", 1) if k.startswith("model.") else f"model.{k}" for k in mllm}
    parts = {
        "vae": (vae, {k: vae_config[k] for k in CONFIG}),
        "mllm": ({names[k]: v for k, v in mllm.items()}, mllm_config | {"torch_dtype": "float32"}),
        "transformer": (transformer, TransformerConfig.from_json(transformer_config).to_json()),
    }
    for name, (state, config) in parts.items():
        torch.save({"model": state, "ema": state, "config": config, **kept[name]}, run / f"{name}.pt")
    for path in NEXT.glob("*.pt"):
        state = torch.load(path, weights_only=False)
        mean = {k: v.float() for k, v in state["ema"].items()}
        torch.save(state | {"model": mean, "ema": mean}, run / path.name)
        print(f"{path.stem}: from checkpoint/next, {state['seen']} samples")
    for log in [*NEXT.glob("*.jsonl"), *RESUME.glob("*.jsonl")]:
        if not (run / log.name).exists():
            shutil.copy(log, run / log.name)
    shutil.copytree(CHECKPOINT / "processor", run / "processor", dirs_exist_ok=True)


if __name__ == "__main__":
    main()
