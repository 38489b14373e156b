"""Stage b: train the language model on the world's questions, answers and requests.

python mllm_train.py --data DATA --run RUN --minutes 20      (RUN/processor must hold the tokenizer; again to go on)
--anchor: go on training, but hold the hidden states of picture requests where they are (mean squared error to the
weights at the start of this call), so that a transformer trained on them stays valid.
--freeze-language: train the picture tower alone; text-only hidden states do not change at all.
"""
from __future__ import annotations

import argparse
import copy
import time
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from data import Sample, Shards, find_shards
from hints import HintHead, labels
from mllm import EchoHeads, Example, hidden_states, make_mllm, mllm_config
from optim import Ema, Log, Optimisers, save, schedule
from prompts import HEAD, chat, plain
from speed import add_machine, choose_machine
from vision import CELLS, PADS, patches, vision_states


class Encoder:
    """Samples -> examples of token ids with weights."""

    def __init__(self, tok: Tokenizer, prompt_weight: float) -> None:
        self.tok, self.prompt_weight = tok, prompt_weight
        self.image = tok.token_to_id("<|image_pad|>")
        self.head = len(self.ids(HEAD))

    def ids(self, text: str) -> list[int]:
        return self.tok.encode(text, add_special_tokens=False).ids

    def expand(self, ids: list[int]) -> list[int]:
        return [t for i in ids for t in ([i] * PADS if i == self.image else [i])]

    def make(self, prompt: str, answer: str, pictures: list[int], kind: str) -> Example:
        front = self.expand(self.ids(prompt))
        back = self.ids(answer)
        ids = np.array(front + back, dtype=np.int64)
        learn = np.zeros(len(ids), dtype=np.float32)
        learn[self.head : len(front)] = self.prompt_weight
        learn[len(front) :] = 1.0
        learn[ids == self.image] = 0.0
        return Example(ids, learn, pictures, kind)

    def examples(self, s: Sample) -> list[Example]:
        out = []
        if s.answer is not None:
            asked = s.question if s.question is not None else s.instruction
            out.append(self.make(chat(asked or "", len(s.refs)), s.answer + "<|im_end|>", s.refs, s.task))
        elif s.instruction is not None:
            # a picture request: as the picture pipeline reads it, and as the chat pipeline answers it
            lot = zlib.crc32(s.instruction.encode()) % 12
            if lot % 3 == 0:
                out.append(self.make(plain(s.instruction), "", [], "plain"))
            if len(s.refs) <= 1 and lot == 1:
                out.append(self.make(chat(s.instruction, len(s.refs)), "<|img|><|im_end|>", s.refs, "reply"))
        return out


def batches(examples: list[Example], tokens: int, rng: np.random.Generator) -> list[list[int]]:
    """Groups of about `tokens` padded tokens; with and without pictures apart; shuffled"""
    out: list[list[int]] = []
    keys = [(bool(e.pictures), len(e.ids) + 4 * rng.random()) for e in examples]
    order = sorted(range(len(examples)), key=lambda i: keys[i])
    group: list[int] = []
    for i in order:
        if group and ((len(examples[i].ids) - 23) * (len(group) + 1) > tokens or keys[i][0] != keys[group[0]][0]):
            out.append(group)
            group = []
        group.append(i)
    out.append(group)
    rng.shuffle(out)
    return out


def token_loss(net: torch.nn.Module, h: Tensor, tokens: Tensor, learn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """-> (weighted mean loss, right [n] bool, rows [n]) over the positions with weight"""
    b, s = (learn[:, 1:] > 0).nonzero(as_tuple=True)
    logits = net.lm_head(h[b, s])
    want, w = tokens[b, s + 1], learn[b, s + 1]
    ce = F.cross_entropy(logits, want, reduction="none")
    return (ce * w).sum() / w.sum(), logits.argmax(-1) == want, b


def pad_learn(batch: list[Example], width: int) -> Tensor:
    out = np.zeros((len(batch), width), dtype=np.float32)
    for r, e in enumerate(batch):
        out[r, : len(e.learn)] = e.learn
    return torch.from_numpy(out)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--want", default="train")
    ap.add_argument("--run", required=True)
    ap.add_argument("--minutes", type=float, default=20)
    add_machine(ap)
    ap.add_argument("--look", type=float, default=0.0, help="minutes at the start of this call that train the picture tower alone")
    ap.add_argument("--hint", type=float, default=0.3, help="weight of naming what every picture token shows")
    ap.add_argument("--look-batch", type=int, default=64)
    ap.add_argument("--tokens", type=int, default=3000, help="padded tokens a batch")
    ap.add_argument("--cool", type=float, default=0.3, help="share of this call in which the rate falls to zero")
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--adam-lr", type=float, default=2e-3)
    ap.add_argument("--prompt-weight", type=float, default=0.15)
    ap.add_argument("--echo", type=float, default=0.2)
    ap.add_argument("--anchor", type=float, default=0.0, help="weight of holding the prompts' hidden states")
    ap.add_argument("--freeze-language", action="store_true")
    ap.add_argument("--holdout", type=int, default=300, help="examples kept for the check")
    ap.add_argument("--fresh", action="store_true")
    args = ap.parse_args()
    machine = choose_machine(args)
    device = machine.device
    run = Path(args.run)
    tok = Tokenizer.from_file(str(run / "processor/tokenizer.json"))
    path = run / "mllm.pt"
    state = torch.load(path, map_location="cpu", weights_only=False) if path.exists() and not args.fresh else None
    config = state["config"] if state else mllm_config(tok)
    net = make_mllm(config).to(device)
    echo = EchoHeads(config["hidden_size"], config["vocab_size"]).to(device)
    look = HintHead(config["hidden_size"]).to(device)
    if state:
        net.load_state_dict(state["model"], strict=False)
        if args.anchor or args.freeze_language:  # the mean weights are what was exported: hold on to those
            net.load_state_dict(state["ema"], strict=False)
        net.tie_weights()
        echo.load_state_dict(state["echo"])
        look.load_state_dict(state["look"])
    if args.freeze_language:
        for n, p in net.named_parameters():
            p.requires_grad_("visual" in n)
    both = torch.nn.ModuleDict({"net": net, "echo": echo, "look": look})
    opt = Optimisers(both, lambda n, p: ("layers." in n or "blocks." in n or "merger" in n) and p.ndim == 2,
                     args.lr, args.adam_lr, weight_decay=0.01, bf16=machine.bf16)
    ema = Ema(net, 0.995)
    step = seen = 0
    if state:
        ema.shadow.update({k: v.float().to(device) for k, v in state["ema"].items()})
        step, seen = state["step"], state["seen"]
        if "opt" in state and state.get("frozen", False) == args.freeze_language and not args.anchor:
            opt.load_state_dict(state["opt"])
    data: Shards = find_shards(args.data, args.want)
    enc = Encoder(tok, args.prompt_weight)
    examples = [e for s in data.samples for e in enc.examples(s)]
    if args.freeze_language:
        examples = [e for e in examples if e.pictures]
    perm = np.random.default_rng(7).permutation(len(examples))
    held, train = [examples[i] for i in perm[: args.holdout]], [examples[i] for i in perm[args.holdout :]]
    kinds = defaultdict(int)
    for e in train:
        kinds[e.kind] += 1
    log = Log(run / "mllm.jsonl")
    log.write(event="start", step=step, examples=len(train), kinds=dict(kinds),
              parameters=sum(p.numel() for p in net.parameters()), **vars(args))
    pad, image = tok.token_to_id("<|endoftext|>"), enc.image
    anchor = copy.deepcopy(net).eval() if args.anchor else None

    seen_scenes = [s for s in data.samples if s.task in ("t2i", "understand") and s.scene]

    def look_step() -> Tensor:
        """A batch of pictures: every picture token names what it shows -> mean cross-entropy"""
        part = [seen_scenes[i] for i in rng.integers(0, len(seen_scenes), args.look_batch)]
        pictures = [data.picture(s.refs[0] if s.refs else s.target) for s in part]
        want = torch.from_numpy(np.stack([labels(s.scene, CELLS) for s in part])).to(device)
        with machine.autocast():
            y = vision_states(net.model.visual, patches(pictures).to(device))
        return look(y.float().view(len(part), PADS, -1), want)

    def forward(model: torch.nn.Module, batch: list[Example]) -> tuple[Tensor, Tensor]:
        pics = [data.picture(i) for e in batch for i in e.pictures]
        with machine.autocast():
            return hidden_states(model, batch, pad, image, patches(pics).to(device) if pics else None, head=enc.head)

    @torch.no_grad()
    def check() -> dict[str, float]:
        right, count, whole, rows_of = defaultdict(float), defaultdict(float), defaultdict(float), defaultdict(float)
        for group in batches(held, args.tokens, np.random.default_rng(0)):
            batch = [held[i] for i in group]
            tokens, h = forward(net, batch)
            learn = pad_learn(batch, tokens.shape[1]).to(device)
            _, ok, rows = token_loss(net, h, tokens, (learn == 1.0).float())
            for r, e in enumerate(batch):
                mine = ok[rows == r]
                if len(mine):
                    right[e.kind] += float(mine.float().sum())
                    count[e.kind] += len(mine)
                    whole[e.kind] += float(mine.all())
                    rows_of[e.kind] += 1
        out = {f"token_{k}": right[k] / count[k] for k in count}
        return out | {f"whole_{k}": whole[k] / rows_of[k] for k in count}

    def store() -> None:
        weights = {k: v.clone() for k, v in net.state_dict().items()}
        net.load_state_dict(ema.shadow, strict=False)
        net.tie_weights()
        net.eval()
        log.write(event="eval", step=step, seen=seen, **check())
        net.load_state_dict(weights)
        net.train()
        save(path, {"model": weights, "ema": {k: v.clone() for k, v in ema.shadow.items()}, "echo": echo.state_dict(), "look": look.state_dict(),
                    "opt": opt.state_dict(), "frozen": args.freeze_language, "step": step, "seen": seen, "config": config})

    rng = np.random.default_rng(50 + step)
    torch.manual_seed(50 + step)
    begin, total, first = time.time(), args.minutes * 60, step
    sums: dict[str, float] = defaultdict(float)
    mark, mark_seen, last = time.time(), seen, time.time()
    queue: list[list[int]] = []
    hits = 0
    while time.time() - begin < total:
        if time.time() - begin < args.look * 60:
            loss = look_step()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(both.parameters(), 1.0)
            opt.step(schedule(time.time() - begin, total, 15.0, total * args.cool))
            step += 1
            seen += args.look_batch
            ema.update(net, step)
            sums["look"] += loss.item()
            if step % 100 == 0:
                log.write(step=step, seen=seen, samples_s=(seen - mark_seen) / (time.time() - mark), look=sums.pop("look") / 100)
                mark, mark_seen = time.time(), seen
            continue
        if not queue:
            queue = batches(train, args.tokens, rng)
        batch = [train[i] for i in queue.pop()]
        tokens, h = forward(net, batch)
        learn = pad_learn(batch, tokens.shape[1]).to(device)
        loss, ok, _ = token_loss(net, h, tokens, learn)
        all_loss = loss
        sums["loss"] += loss.item()
        sums["right"] += ok.float().mean().item()
        if args.echo and not args.freeze_language:
            valid = (tokens != pad) & (tokens != image)
            valid[:, : enc.head - 3] = False
            heard = echo(h, tokens, valid, 0.2)
            all_loss = all_loss + args.echo * heard
            sums["echo"] += heard.item()
        if anchor is not None and not batch[0].pictures:
            with torch.no_grad():
                _, want = forward(anchor, batch)
            prompt = torch.isclose(learn, torch.tensor(args.prompt_weight, device=device)).unsqueeze(-1)
            drift = ((h - want).square() * prompt).sum() / (want.square() * prompt).sum().clamp(min=1e-6)
            all_loss = all_loss + args.anchor * drift
            sums["drift"] += drift.item()
        if args.hint and batch[0].pictures:
            named = look_step()
            all_loss = all_loss + args.hint * named
            sums["look"] += named.item()
            hits += 1
        all_loss.backward()
        torch.nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        opt.step(schedule(time.time() - begin, total, 15.0 if first == 0 else 3.0, total * args.cool))
        step += 1
        seen += len(batch)
        ema.update(net, step)
        if step % 100 == 0:
            rate = (seen - mark_seen) / (time.time() - mark)
            log.write(step=step, seen=seen, samples_s=rate, **{k: v / (hits if k == "look" else 100) for k, v in sums.items()})
            hits = 0
            sums.clear()
            mark, mark_seen = time.time(), seen
        if time.time() - last > 180:
            store()
            last = mark = time.time()
            mark_seen = seen
    store()


if __name__ == "__main__":
    main()
