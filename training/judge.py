"""Trains the judge: a small detector that finds the scene of a picture from its pixels alone
(../docs/reference/judge.md).

python judge.py --data DATA --run RUN --vae RUN_OF_THE_VAE --minutes 45     (repeat to continue)
python judge.py --data DATA --run RUN --minutes 0 --export ../training/checkpoint/judge

It learns from pictures with exact scenes: rendered, decoded by the VAE, degraded, and broken ones in which
nothing is to be found.
"""
from __future__ import annotations

import argparse
import concurrent.futures
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from hints import CREATURES
from judge_data import FIELDS, PAGE, REGRESSIONS, Mixer, Page, decoded, labels, sure
from judge_export import export, load_export, temperatures
from judge_net import Judge, losses, outputs, peaks, split, split_page
from optim import Ema, Log, Optimisers, clip, save, schedule
from speed import Machine, add_machine, choose_machine

KEPT = 1540  # training pictures that only the temperatures are fitted on


def rates(net: Judge, pictures: np.ndarray, pages: list[Page], machine: Machine) -> dict[str, float]:
    """Share of errors per head at the true centres, and shares of missed and invented copies at presence
    1/2"""
    out, page = outputs(net, pictures, machine)
    batch = Mixer.targets(pages, [sure(p) for p in pages])
    found: dict[str, float] = {}
    top = peaks(out[:, 0]) & (out[:, 0] > 0)
    near = F.max_pool2d(top.float()[:, None], 3, 1, 1)[:, 0][batch["n"], batch["cy"], batch["cx"]]
    found["missed"] = float(1 - near.mean())
    found["invented"] = float((top.sum() - len(near)).clamp(min=0) / len(near))
    parts = split(out[batch["n"], :, batch["cy"], batch["cx"]])
    for i, ((name, _), part) in enumerate(zip(FIELDS, parts)):
        want = batch["fields"][:, i]
        found[name] = float((part.argmax(1) != want)[want != 255].float().mean())
    miss = (parts[-1] - batch["regress"]).abs().mean(0)
    found |= {f"off_{k}": float(v) for k, v in zip(REGRESSIONS, miss)}
    for (name, _), part, want in zip(PAGE, split_page(page), batch["page"]):
        found[name] = float((part.argmax(1) != want.argmax(1)).float().mean())
    return found


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--data", required=True)
    ap.add_argument("--run", required=True)
    ap.add_argument("--vae", help="run folder with vae.pt, for pictures decoded by the VAE")
    ap.add_argument("--decode", type=int, default=8000, help="number of such pictures to make if there are none")
    ap.add_argument("--minutes", type=float, default=45, help="length of this call; the learning rate falls at its end")
    ap.add_argument("--batch", type=int, default=48)
    ap.add_argument("--cool", type=float, default=0.5, help="share of this call in which the learning rate falls to zero")
    ap.add_argument("--lr", type=float, default=3e-3)
    ap.add_argument("--patterned", type=int, default=0, help="how much more often pictures with patterned objects occur; the judge errs most on them")
    ap.add_argument("--export", help="folder for the weights after this call")
    ap.add_argument("--fixture", default="../fixtures/judge.safetensors", help="file in which --export writes values for tests")
    ap.add_argument("--from", dest="begin", help="folder of exported weights to start from if RUN has none")
    ap.add_argument("--fresh", action="store_true")
    add_machine(ap)
    args = ap.parse_args()
    machine = choose_machine(args)
    run = Path(args.run)
    data, pages = labels(args.data, "train", run)
    kept, pages = pages[:KEPT], pages[KEPT:]
    check, check_pages = labels(args.data, "heldout", run)
    check_pages = check_pages[:1500]
    log = Log(run / "judge.jsonl")
    vae = Path(args.vae) if args.vae else None
    again = [(0.3, *decoded(data, pages, vae, run / "decoded.npz", args.decode, machine, log)),
             (0.14, *decoded(data, pages, vae, run / "disorder.npz", args.decode // 3, machine, log, breaking=True))]
    check_again = decoded(check, check_pages[:500], vae, run / "decoded-heldout.npz", 500, machine, log)
    torch.manual_seed(1)
    net = Judge().to(memory_format=torch.channels_last)
    opt = Optimisers(net, lambda n, p: p.ndim == 4 and "stands" not in n, args.lr, args.lr, weight_decay=0.0, bf16=machine.bf16)
    ema = Ema(net, 0.998)
    step, seen, path = 0, 0, run / "judge.pt"
    if path.exists() and not args.fresh:
        state = torch.load(path, map_location="cpu", weights_only=False)
        net.load_state_dict(state["model"])
        ema.shadow, step, seen = state["ema"], state["step"], state["seen"]
        opt.load_state_dict(state["opt"])
    kind, pattern = ([name for name, _ in FIELDS].index(name) for name in ("kind", "pattern"))
    patterned = [p for p in pages if ((p.fields[:, pattern] > 0) & (p.fields[:, kind] >= CREATURES)).any()]
    mixer = Mixer(data, pages + patterned * args.patterned, again, np.random.default_rng(1000 + step))
    if step == 0 and args.begin:
        load_export(net, Path(args.begin), mixer.draw(192)["x"])
        ema = Ema(net, 0.998)
    log.write(event="start", step=step, pictures=len(pages), parameters=sum(p.numel() for p in net.parameters()), **vars(args))
    forward = torch.compile(net, dynamic=False)
    pictures = [np.stack([check.picture(p.id) for p in check_pages]), check_again[0]]

    def averaged() -> Judge:
        """The judge with averaged weights, and norm statistics measured for them"""
        calm = Judge().to(memory_format=torch.channels_last)
        calm.load_state_dict({**net.state_dict(), **ema.shadow})
        for part in calm.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.reset_running_stats()
                part.momentum = None
        for _ in range(30):
            x = mixer.draw(64)["x"].to(memory_format=torch.channels_last)
            with torch.no_grad(), machine.autocast():
                calm(x)
        return calm.eval()

    def store() -> Judge:
        calm = averaged()
        log.write(event="eval", step=step, seen=seen, **rates(calm, pictures[0], check_pages, machine))
        log.write(event="eval decoded", step=step, **rates(calm, pictures[1], check_again[1], machine))
        save(path, {"model": net.state_dict(), "ema": ema.shadow, "calm": calm.state_dict(), "opt": opt.state_dict(),
                    "step": step, "seen": seen})
        return calm

    begin, first, total = time.time(), step, args.minutes * 60
    sums: dict[str, float] = {}
    mark, mark_seen, last = time.time(), seen, time.time()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        coming = pool.submit(mixer.draw, args.batch)
        while (now := time.time() - begin) < total:
            batch = coming.result()
            coming = pool.submit(mixer.draw, args.batch)
            with machine.autocast():
                out, page = forward(batch["x"].to(memory_format=torch.channels_last))
            found = losses(out.float(), page.float(), batch)
            sum(found.values()).backward()  # type: ignore[union-attr]
            clip(net.parameters(), 5.0)
            opt.step(schedule(now, total, 30.0 if first == 0 else 2.0, total * args.cool))
            step, seen = step + 1, seen + args.batch
            ema.update(net, step)
            for k, v in found.items():
                sums[k] = sums.get(k, 0.0) + float(v.detach())
            if step % 100 == 0:
                rate = (seen - mark_seen) / (time.time() - mark)
                log.write(step=step, seen=seen, samples_s=rate, **{k: v / 100 for k, v in sums.items()})
                sums, mark, mark_seen = {}, time.time(), seen
            if time.time() - last > 300:
                coming.result()
                store()
                last, mark, mark_seen = time.time(), time.time(), seen
        coming.result()
    calm = store()
    if args.export:
        lots = [(0.3, *decoded(data, kept, vae, run / "decoded-kept.npz", 600, machine, log)),
                (0.1, *decoded(data, kept, vae, run / "disorder-kept.npz", 200, machine, log, breaking=True))]
        fitted = temperatures(calm, Mixer(data, kept, lots, np.random.default_rng(3)), machine)
        log.write(event="temperatures", **fitted)
        export(calm, fitted, Path(args.export), np.stack([data.picture(p.id) for p in kept[:2]]), Path(args.fixture))


if __name__ == "__main__":
    main()
