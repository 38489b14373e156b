"""One door to every step:  python train.py STEP [options of the step]

STEP: start, data, tokenizer, vae, mllm, encode, transformer, export, pack, sample, goldens, check-mllm.
`start` copies the kept weights into a run folder:        python train.py start --run runs/a
`data` renders shards with the world (../src/storybook):  python train.py data --out data --scale 1 [--seed 100]
Every training step goes on from the last checkpoint in --run; --fresh starts over.
"""
from __future__ import annotations

import argparse
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
STEPS = {"tokenizer": "tokenizer", "vae": "vae", "mllm": "mllm_train", "encode": "encode", "transformer": "transformer",
         "export": "export", "pack": "pack", "sample": "sample", "goldens": "check_goldens", "check-mllm": "check_mllm"}
COUNTS = {"t2i": 36000, "understand": 60000, "reflect": 22000, "checklist": 5000, "chat": 6000, "edit": 20000,
          "incontext": 8000, "critique_fix": 6000}


def make_data() -> None:
    """Shards of every task under --out, about 10 minutes and 10 GB at scale 1."""
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--scale", type=float, default=1.0)
    ap.add_argument("--seed", type=int, default=100)
    ap.add_argument("--split", default="train", choices=("train", "heldout"))
    ap.add_argument("--tasks", nargs="+", default=list(COUNTS))
    args = ap.parse_args()
    for i, task in enumerate(args.tasks):
        n, seed = int(COUNTS[task] * args.scale), args.seed + i
        subprocess.run(["npx", "tsx", "training/world/make-shards.ts", "--task", task, "--n", str(n), "--seed", str(seed),
                        "--split", args.split, "--out", str(Path(args.out).resolve() / f"{task}-{args.split}-{seed}")],
                       cwd=HERE.parent, check=True)


def start_run() -> None:
    """A run folder that goes on from checkpoint/resume; nothing that is already there is overwritten."""
    ap = argparse.ArgumentParser()
    ap.add_argument("--run", required=True)
    run = Path(ap.parse_args().run)
    run.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "checkpoint/resume").iterdir():
        if not (run / file.name).exists():
            shutil.copy(file, run / file.name)
    shutil.copytree(HERE / "checkpoint/storybook/processor", run / "processor", dirs_exist_ok=True)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in {*STEPS, "data", "start"}:
        print(__doc__)
        raise SystemExit(2)
    step = sys.argv.pop(1)
    sys.argv[0] = f"train.py {step}"
    own = {"data": make_data, "start": start_run}
    own[step]() if step in own else importlib.import_module(STEPS[step]).main()


if __name__ == "__main__":
    main()
