"""Runs every training step on a tiny data set and checks the results:  python train.py smoke

Steps: shards of the world, tokenizer, VAE, language model (killed and then continued), latents and text
states, transformer, export in the official layout. Takes about a minute on one core, in a temporary folder
(--keep DIR: in that folder, which stays). Weights must be finite, and every stage must improve. Exits with
status 1 and one sentence if a check fails.
"""
from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from train import HERE, STEPS

TASKS = ("t2i", "edit", "incontext", "understand", "reflect", "critique_fix", "checklist", "chat")
PATIENCE = 240  # seconds within which a child process must have written a checkpoint
Weights = dict[str, Tensor]


class Broken(Exception):
    """A failed check, in one sentence."""


def must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def same_tensors(what: str, got: Weights, want: Weights) -> None:
    """Checks that keys and shapes match, and that `got` is `want` rounded to its number type"""
    odd = sorted(got.keys() ^ want.keys())
    must(not odd, f"{what}: these keys are on one side only: {odd[:3]}")
    for k, v in want.items():
        must(got[k].shape == v.shape, f"{what}: {k} has shape {tuple(got[k].shape)} instead of {tuple(v.shape)}")
        must(torch.equal(got[k], v.to(got[k].dtype)), f"{what}: {k} holds other values than the training run")


class Trial:
    def __init__(self, root: Path, threads: int) -> None:
        self.data, self.run, self.cache, self.model = (root / n for n in ("data", "run", "cache", "model"))
        self.root, self.log, self.now = root, (root / "smoke.log").open("w"), "start"
        self.machine = ["--threads", str(threads)]
        self.training = [*self.machine, "--run", str(self.run), "--no-compile"]
        self.mllm = [*self.training, "--data", str(self.data), "--rows", "3", "--pictures", "6", "--check", "6"]
        self.before: dict[str, Any] = {}

    def kernels(self) -> None:
        with self.stage("kernels"):
            self.step("check-kernels")

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[list[str]]:
        """Prints the time of a stage, and the remarks that it adds to the list"""
        self.now, begin, remarks = name, time.time(), []
        yield remarks
        print(f"{name:<12}{time.time() - begin:6.1f} s   {' '.join(remarks)}", flush=True)

    def step(self, name: str, *options: str) -> None:
        """Runs `python train.py NAME OPTIONS` in this process"""
        torch.set_grad_enabled(True)
        argv, sys.argv = sys.argv, [f"train.py {name}", *options]
        try:
            with contextlib.redirect_stdout(self.log), contextlib.redirect_stderr(self.log):
                importlib.import_module(STEPS[name]).main()
        finally:
            sys.argv = argv
        self.log.flush()

    def state(self, name: str) -> dict[str, Any]:
        """The checkpoint of a stage. Its weights must be finite."""
        path = self.run / f"{name}.pt"
        must(path.exists(), f"{name} wrote no checkpoint")
        state = torch.load(path, map_location="cpu", weights_only=False)
        for kind in ("model", "ema"):
            bad = [k for k, v in state[kind].items() if not v.isfinite().all()]
            must(not bad, f"{name}: the {kind} weights of step {state['step']} are not finite in {bad[:3]}")
        return state

    def events(self, name: str, event: str) -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in (self.run / f"{name}.jsonl").read_text().splitlines()]
        return [r for r in rows if r.get("event") == event]

    def better(self, name: str, error: Callable[[], tuple[float, float]]) -> str:
        with torch.no_grad():
            fresh, trained = error()
        must(trained < fresh, f"{name} did not learn: its error is {trained:.4f}, that of random weights {fresh:.4f}")
        return f"error {fresh:.3f} -> {trained:.3f} in {self.state(name)['step']} steps"

    # --- the stages --------------------------------------------------------------------------------
    def world(self) -> None:
        with self.stage("data") as say:
            for split, n, seed in (("train", 240, 1), ("heldout", 64, 2)):
                done = subprocess.run(
                    ["npx", "--no-install", "tsx", "training/world/make-shards.ts", "--task", "mix", "--n", str(n), "--seed",
                     str(seed), "--split", split, "--questions", "3", "--weights", ",".join(f"{t}=1" for t in TASKS),
                     "--out", str(self.data / f"mix-{split}-{seed}")], cwd=HERE.parent, capture_output=True, text=True)
                must(done.returncode == 0, f"make-shards.ts failed: {complaint(done.stderr)}")
                say.append(done.stdout.strip().partition(" in ")[0] + ";")
        with self.stage("tokenizer") as say:
            self.step("tokenizer", "--data", str(self.data), "--out", str(self.run / "processor"))
            say.append(f"{len(json.loads((self.run / 'processor/vocab.json').read_text()))} pieces")

    def vae(self) -> None:
        from data import find_shards
        from vae import load_vae, make_vae

        def error() -> tuple[float, float]:
            pictures = find_shards(self.data, "heldout", words=False).batch(range(8))
            torch.manual_seed(0)
            nets = make_vae().eval(), load_vae(self.run)[0]
            a, b = ((n.decode(n.encode(pictures).latent_dist.mean).sample - pictures).abs().mean().item() for n in nets)
            return a, b

        with self.stage("vae") as say:
            self.step("vae", *self.training, "--data", str(self.data), "--minutes", "0.06", "--batch", "4")
            say.append(self.better("vae", error))

    def language(self) -> None:
        from data import find_shards
        from mllm import Example, hidden_states, load_mllm, make_mllm
        from prompts import HEAD, plain

        def error() -> tuple[float, float]:
            trained, tok, config = load_mllm(self.run)
            torch.manual_seed(0)
            texts = [plain(s.instruction) for s in find_shards(self.data, "heldout").samples if s.instruction][:12]
            head = len(tok.encode(HEAD, add_special_tokens=False).ids)
            rows = [torch.tensor(tok.encode(t, add_special_tokens=False).ids).numpy() for t in texts]
            batch = [Example(ids, ids, [], "") for ids in rows]
            out = []
            for net in (make_mllm(config).eval(), trained):
                ids, states = hidden_states(net, batch, -1 % config["vocab_size"], tok.token_to_id("<|image_pad|>"))
                logits = net.lm_head(states[:, head:-1])
                lengths = torch.tensor([len(r) for r in rows])[:, None]
                inside = torch.arange(head + 1, ids.shape[1])[None] < lengths
                out.append(torch.nn.functional.cross_entropy(logits[inside], ids[:, head + 1 :][inside]).item())
            return out[0], out[1]

        with self.stage("mllm, killed") as say:
            killed = self.kill_mllm()
            say.append(f"at step {killed['step']}")
        with self.stage("mllm") as say:
            self.step("mllm", *self.mllm, "--minutes", "0.1")
            start = self.events("mllm", "start")[-1]["step"]
            must(start == killed["step"], f"mllm continued from step {start}, not from {killed['step']}, where it was killed")
            now = self.state("mllm")
            must(now["step"] > start, "mllm took no step after it was killed")
            still = [k for k, v in now["model"].items() if torch.equal(v, killed["model"][k])]
            must(len(still) * 10 < len(now["model"]), f"mllm continues, but these weights do not change: {still[:3]}")
            say.append(self.better("mllm", error))

    def kill_mllm(self) -> dict[str, Any]:
        """Starts the step in a child process and kills it after its second checkpoint -> that checkpoint"""
        with (self.root / "killed.log").open("w") as out:
            child = subprocess.Popen([sys.executable, str(HERE / "train.py"), "mllm", *self.mllm, "--minutes", "9", "--every", "0"],
                                     stdout=out, stderr=subprocess.STDOUT)
        begin, log = time.time(), self.run / "mllm.jsonl"
        try:
            while not (log.exists() and len(self.events("mllm", "eval")) > 2):
                ended = child.poll()
                must(ended is None, f"mllm ended before it was killed: {complaint((self.root / 'killed.log').read_text())}")
                must(time.time() - begin < PATIENCE, f"mllm wrote no checkpoint within {PATIENCE} s")
                time.sleep(0.1)
        finally:
            child.kill()
            child.wait()
        return self.state("mllm")

    def transformer(self) -> None:
        from cache import Cache
        from model import OmniGen2Transformer
        from speed import Machine
        from transformer import draw_t, flow_loss, load_transformer

        def error() -> tuple[float, float]:
            trained, _ = load_transformer(self.run)
            out = []
            for net in (OmniGen2Transformer(trained.cfg), trained):
                torch.manual_seed(0)
                cache = Cache(self.cache / "all", 128)
                batch = cache.batch(cache.groups["t2i", 0][:12], np.random.default_rng(0), 0.0, False)
                plain_machine = Machine(torch.device("cpu"), False)
                out.append(flow_loss(net, batch, draw_t(12, 0.0, 1.0), 0, None, 0, plain_machine)[0].mean().item())
            return out[0], out[1]

        with self.stage("encode") as say:
            self.step("encode", *self.machine, "--data", str(self.data), "--run", str(self.run), "--out", str(self.cache / "all"),
                      "--first", "60")
            meta = json.loads((self.cache / "all/meta.json").read_text())
            say.append(f"{meta['items']} cases, {meta['pictures']} pictures")
        with self.stage("transformer") as say:
            self.step("transformer", *self.training, "--cache", str(self.cache), "--minutes", "0.1", "--batch", "8", "8", "4", "2")
            say.append(self.better("transformer", error))

    def export(self) -> None:
        from mllm import load_mllm, official_key
        from sample import draw, load_bundle

        with self.stage("export") as say:
            self.step("export", "--run", str(self.run), "--out", str(self.model))  # loads every part back strictly
            file = "diffusion_pytorch_model.safetensors"
            for part in ("transformer", "vae"):
                same_tensors(f"{part}/{file}", load_file(self.model / part / file), self.state(part)["ema"])
            language = load_mllm(self.run)[0].state_dict()
            want = {name: v for k, v in language.items() if (name := official_key(k))}
            same_tensors("mllm/model.safetensors", load_file(self.model / "mllm/model.safetensors"), want)
            say.append(f"{sum(f.stat().st_size for f in self.model.rglob('*') if f.is_file()) / 1e6:.1f} MB")
        with self.stage("drawing"):
            with contextlib.redirect_stderr(self.log):
                picture = draw(load_bundle(self.model), ["a red ball in the snow"], [], 128, 128, steps=2)
            must(picture.shape == (1, 3, 128, 128) and bool(picture.isfinite().all()), "the exported model does not draw a picture")


def complaint(text: str) -> str:
    """The error line of a program's output"""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w+\.)*\w*(Error|Exception)\b", line)]
    return (errors or lines or ["no output"])[-1]


def sentence(trial: Trial, error: BaseException) -> str:
    if isinstance(error, Broken):
        return str(error)
    at = traceback.extract_tb(error.__traceback__)
    own = [f for f in at if Path(f.filename).parent == HERE] or at
    return f"{type(error).__name__} in {Path(own[-1].filename).name}, line {own[-1].lineno}: {error}"


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--keep", help="new folder for all files, which stays")
    ap.add_argument("--threads", type=int, default=1)
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    root = Path(args.keep or tempfile.mkdtemp(prefix="smoke-"))
    if args.keep and root.exists() and any(root.iterdir()):
        raise SystemExit(f"{root} is not empty: choose a new folder")
    root.mkdir(parents=True, exist_ok=True)
    begin, trial = time.time(), Trial(root.resolve(), args.threads)
    failed: Optional[str] = None
    try:
        for part in (trial.kernels, trial.world, trial.vae, trial.language, trial.transformer, trial.export):
            part()
    except (Exception, SystemExit) as error:
        traceback.print_exc(file=trial.log)
        failed = sentence(trial, error)
    finally:
        trial.log.close()
        if not args.keep:
            shutil.rmtree(root, ignore_errors=True)
    if failed:
        more = f"Its log is in {trial.root}" if args.keep else "--keep DIR keeps its log"
        raise SystemExit(f"Smoke test failed in stage {trial.now}: {failed.strip().rstrip('.')}. {more}.")
    print(f"smoke test passed in {time.time() - begin:.0f} s")


if __name__ == "__main__":
    main()
