"""Stage b: trains the language model on the world's questions, answers and requests.

python mllm_train.py --data DATA --run RUN --minutes 20      (RUN/processor must hold the tokenizer; repeat to continue)
All questions about a picture share one row (packing.py). Every batch has the same shape, so layers compile
once.
--anchor: keeps the hidden states of picture requests near those at the start of this call (mean squared
error), so that a transformer trained on them stays valid.
--freeze-language: trains the vision tower only; hidden states of texts without pictures do not change at all.
"""
from __future__ import annotations

import argparse
import copy
import time
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from data import Sample, Shards, find_shards
from hints import COLOURS, LOCAL_NAMES, HintHead, combination, labels, seen_combinations
from mllm import EchoHeads, Example, expand_pads, language_layer, language_states, make_mllm, mllm_config
from optim import Ema, Log, Optimisers, clip, save, schedule
from packing import Group, Packed, grouped, in_rows, pack
from prompts import HEAD, chat, plain
from speed import add_machine, choose_machine
from vision import CELLS, GRID, PADS, merge_order, patches, vision_block, vision_states


class Encoder:
    """Turns samples into examples of token ids with loss weights."""

    def __init__(self, tok: Tokenizer, prompt_weight: float) -> None:
        self.tok, self.prompt_weight = tok, prompt_weight
        self.seen: Tensor | None = None  # of seen_combinations; set before training samples become examples
        self.colours = {c: [i for t in (f" {c}", c.capitalize()) if len(e := self.ids(t)) == 1 for i in e] for c in COLOURS}
        self.image = tok.token_to_id("<|image_pad|>")
        self.head = np.array(self.ids(HEAD))

    def ids(self, text: str) -> list[int]:
        return self.tok.encode(text, add_special_tokens=False).ids

    def never(self, scene: Any) -> tuple[int, ...]:
        """-> tokens of the colours that a thing of the scene never has in training. The loss ignores them as
        wrong colours."""
        if self.seen is None or not scene:
            return ()
        out: set[int] = set()
        for thing in scene["things"]:
            kind, _, pattern, accessory = combination(thing["who"])
            seen = self.seen[kind, 1:, pattern, accessory].tolist()
            out.update(t for c, known in zip(COLOURS, seen) if not known for t in self.colours[c])
        return tuple(sorted(out))

    def make(self, prompt: str, answer: str, pictures: list[int], kind: str, scene: Any = None) -> Example:
        front = expand_pads(self.ids(prompt), self.image)
        back = self.ids(answer)
        ids = np.array(front + back, dtype=np.int64)
        learn = np.zeros(len(ids), dtype=np.float32)
        learn[len(self.head) : len(front)] = self.prompt_weight
        learn[len(front) :] = 1.0
        learn[ids == self.image] = 0.0
        return Example(ids, learn, pictures, kind, self.never(scene))

    def examples(self, s: Sample) -> list[Example]:
        out = []
        if s.answer is not None:
            asked = s.question if s.question is not None else s.instruction
            out.append(self.make(chat(asked or "", len(s.refs)), s.answer + "<|im_end|>", s.refs, s.kind or s.task, s.scene))
        elif s.instruction is not None:
            # A request for a picture: the prompt of the picture pipeline, and the answer of the chat
            # pipeline.
            lot = zlib.crc32(s.instruction.encode()) % 12
            if lot % 3 == 0:
                out.append(self.make(plain(s.instruction), "", [], "plain"))
            if len(s.refs) <= 1 and lot == 1:
                out.append(self.make(chat(s.instruction, len(s.refs)), "<|img|><|im_end|>", s.refs, "reply"))
        return out


class BoxHead(nn.Module):
    """Training only: predicts from every image token on a thing the box of that thing."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.out = nn.Linear(dim, 4)

    def forward(self, y: Tensor, want: Tensor) -> Tensor:
        """Mean absolute error. y: [N, PADS, C]; want: [N, PADS, 4] (x0, y0, x1, y1 as shares of the page, -1:
        no thing)"""
        on = want[..., 0] >= 0
        return (self.out(self.norm(y[on])) - want[on]).abs().mean().nan_to_num(0.0)


def box_targets(scene: Any, boxes: Any) -> np.ndarray:
    """-> [PADS, 4] the box of the nearest thing that covers the centre of each token; -1 if none does"""
    out = np.full((PADS, 4), -1, dtype=np.float32)
    at = (np.arange(CELLS) + 0.5) * 128 / CELLS
    ys, xs = (a.ravel() for a in np.meshgrid(at, at, indexing="ij"))
    best = np.full(PADS, np.inf)
    for x0, y0, x1, y1 in boxes or ():
        inside = (xs > x0 - 3) & (xs < x1 + 3) & (ys > y0 - 3) & (ys < y1 + 3)
        far = ((xs - (x0 + x1) / 2) / (x1 - x0)) ** 2 + ((ys - (y0 + y1) / 2) / (y1 - y0)) ** 2
        take = inside & (far < best)
        best[take] = far[take]
        out[take] = np.array([max(x0, 0), max(y0, 0), x1, y1], dtype=np.float32) / 128
    return out


class Pictures:
    """The pictures with a known scene, for the hints."""

    def __init__(self, data: Shards) -> None:
        self.data = data
        self.truth: dict[int, tuple[Any, Any]] = {}
        for s in data.samples:
            id = s.target if s.task == "t2i" else s.refs[0] if s.task == "understand" and s.refs else None
            if id is not None and s.scene and (id not in self.truth or s.boxes):
                self.truth[id] = (s.scene, s.boxes)
            s.scene = None
        self.ids = np.array(sorted(self.truth))
        self.order = torch.from_numpy(merge_order())

    def hints(self, ids: list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """-> (labels of the patches [N, channels, 100] in merge-block order, of the tokens [N, channels, 25],
        boxes [N, 25, 4])"""
        none: tuple[Any, Any] = (None, None)
        rows = [self.truth.get(i, none) for i in ids]
        fine = torch.from_numpy(np.stack([labels(s, GRID, b) for s, b in rows]))[:, :, self.order]
        coarse = torch.from_numpy(np.stack([labels(s, CELLS, b) for s, b in rows]))
        return fine, coarse, torch.from_numpy(np.stack([box_targets(s, b) for s, b in rows]))


class Network:
    """Runs the language model on packed rows of one shape."""

    def __init__(self, net: nn.Module, head: int, image: int, compiled: bool) -> None:
        self.net, self.head, self.image = net, head, image
        fix = (lambda f: torch.compile(f, dynamic=False)) if compiled else (lambda f: f)
        self.layer, self.block = fix(language_layer), fix(vision_block)

    def vision(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        return vision_states(self.net.model.visual, pixels, self.block)

    def language(self, p: Packed, shown: Tensor | None) -> Tensor:
        """shown: image tokens [pictures*25, C] -> last hidden states [B, S, C]"""
        x = self.net.model.language_model.embed_tokens(p.tokens)
        if shown is not None:
            x = x.masked_scatter((p.tokens == self.image).unsqueeze(-1), shown.float())
        return language_states(self.net, x, p.pos, self.head, p.mask(self.head), self.layer)


def token_loss(net: nn.Module, h: Tensor, p: Packed, learn: Tensor, colours: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """-> (weighted mean loss, right [n] bool, rows [n], columns [n]) over the positions with a weight

    colours: tokens of the colours [n]. If one of them is wanted, the loss ignores the colours in `never` of
    its segment.
    """
    b, s = (learn[:, 1:] > 0).nonzero(as_tuple=True)
    logits = net.lm_head(h[b, s])
    want, w = p.tokens[b, s + 1], learn[b, s + 1]
    if colours is not None:
        ban = torch.zeros_like(logits, dtype=torch.bool)
        for i in torch.isin(want, colours).nonzero()[:, 0].tolist():
            ban[i, list(p.never[b[i]][p.own[b[i], s[i] + 1] - 1])] = True
        logits = logits.masked_fill(ban.scatter(1, want[:, None], False), -1e9)
    ce = F.cross_entropy(logits, want, reduction="none")
    return (ce * w).sum() / w.sum(), logits.argmax(-1) == want, b, s + 1


def grow(state: dict[str, Any], depth: int) -> None:
    """Adds vision layers to a checkpoint. They are the identity at first, because their last projections are
    zero."""
    vision = state["config"]["vision_config"]
    have = vision["depth"]
    if have >= depth:
        return
    for name in ("model", "ema"):
        weights = state[name]
        for i in range(have, depth):
            for key in [k for k in weights if f"visual.blocks.{i - 2}." in k]:
                new = weights[key].clone()
                weights[key.replace(f".blocks.{i - 2}.", f".blocks.{i}.")] = (
                    torch.zeros_like(new) if "attn.proj" in key or "down_proj" in key else new)
    vision["depth"], vision["fullatt_block_indexes"] = depth, [i for i in range(depth) if i % 2 == 1]
    state.pop("opt", None)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--want", default="train")
    ap.add_argument("--run", required=True)
    ap.add_argument("--minutes", type=float, default=20)
    add_machine(ap)
    ap.add_argument("--no-compile", action="store_true")
    ap.add_argument("--look", type=float, default=0.0, help="minutes at the start of this call that train the vision tower only")
    ap.add_argument("--hint", type=float, default=0.5, help="weight of the loss on the labels of every patch and token")
    ap.add_argument("--box", type=float, default=2.0, help="weight of the loss on the boxes of tokens")
    ap.add_argument("--rows", type=int, default=16)
    ap.add_argument("--width", type=int, default=256, help="tokens of a row after the system prompt")
    ap.add_argument("--pictures", type=int, default=32, help="pictures of a batch; those without a question only have hints")
    ap.add_argument("--plain", type=float, default=0.15, help="share of batches of requests without a picture")
    ap.add_argument("--cool", type=float, default=0.3, help="share of this call in which the learning rate falls to zero")
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--adam-lr", type=float, default=2e-3)
    ap.add_argument("--prompt-weight", type=float, default=0.15)
    ap.add_argument("--echo", type=float, default=0.2)
    ap.add_argument("--anchor", type=float, default=0.0, help="weight of the distance to the prompts' old hidden states")
    ap.add_argument("--freeze-language", action="store_true")
    ap.add_argument("--depth", type=int, default=6, help="vision layers; a checkpoint with fewer gets more")
    ap.add_argument("--check", type=int, default=240, help="held-out pictures of an evaluation")
    ap.add_argument("--every", type=float, default=300, help="seconds between evaluations")
    ap.add_argument("--fresh", action="store_true")
    args = ap.parse_args()
    machine = choose_machine(args)
    device = machine.device
    run = Path(args.run)
    tok = Tokenizer.from_file(str(run / "processor/tokenizer.json"))
    path = run / "mllm.pt"
    state = torch.load(path, map_location="cpu", weights_only=False) if path.exists() and not args.fresh else None
    if state:
        grow(state, args.depth)
    config = state["config"] if state else mllm_config(tok, vit_depth=args.depth)
    net = make_mllm(config).to(device)
    vit = config["vision_config"]["hidden_size"]
    heads = nn.ModuleDict({"echo": EchoHeads(config["hidden_size"], config["vocab_size"]), "coarse": HintHead(config["hidden_size"]),
                           "fine": HintHead(vit), "box": BoxHead(config["hidden_size"])}).to(device)
    if state:
        net.load_state_dict(state["model"], strict=False)
        if args.anchor or args.freeze_language:  # the averaged weights were exported: start from those
            net.load_state_dict(state["ema"], strict=False)
        net.tie_weights()
        heads.load_state_dict(state["heads"])
    if args.freeze_language:
        for n, p in net.named_parameters():
            p.requires_grad_("visual" in n)
    both = nn.ModuleDict({"net": net, "heads": heads})
    opt = Optimisers(both, lambda n, p: ("layers." in n or "blocks." in n or "merger" in n) and p.ndim == 2,
                     args.lr, args.adam_lr, weight_decay=0.01, bf16=machine.bf16)
    ema = Ema(net, 0.995)
    step = seen = 0
    if state:
        ema.shadow.update({k: v.float().to(device) for k, v in state["ema"].items()})
        step, seen = state["step"], state["seen"]
        if "opt" in state and state.get("frozen", False) == args.freeze_language and not args.anchor:
            opt.load_state_dict(state["opt"])
    enc = Encoder(tok, args.prompt_weight)
    head, pad, image = len(enc.head), tok.token_to_id("<|endoftext|>"), enc.image
    end = tok.token_to_id("<|vision_end|>")

    def load(want: str, most: int) -> tuple[Pictures, list[Group], list[Group]]:
        """-> (pictures, groups with pictures or answers, groups of plain requests)"""
        data = find_shards(args.data, want)
        enc.seen = seen_combinations(s.scene for s in data.samples if s.scene) if want == args.want else None
        examples = [e for s in data.samples for e in enc.examples(s)]
        pictures = Pictures(data)
        groups = grouped([e for e in examples if e.kind != "plain"], head, image, end)
        if most:
            groups = [g for g in groups if g.pictures][:: max(1, sum(bool(g.pictures) for g in groups) // most)][:most]
        return pictures, groups, grouped([e for e in examples if e.kind == "plain"], head, image, end)

    pictures, groups, requests = load(args.want, 0)
    seen_things = enc.seen.to(device)
    colours = torch.tensor([t for c in COLOURS for t in enc.colours[c]], device=device)
    held_pictures, held, _ = load("heldout", args.check)
    log = Log(run / "mllm.jsonl")
    kinds: dict[str, int] = defaultdict(int)
    for g in groups:
        for s in g.asked:
            kinds[s.kind] += 1
    log.write(event="start", step=step, groups=len(groups), requests=len(requests), kinds=dict(kinds), known=len(pictures.ids),
              parameters=sum(p.numel() for p in net.parameters()), **vars(args))
    network = Network(net, head, image, not args.no_compile)
    anchor = Network(copy.deepcopy(net).eval(), head, image, not args.no_compile) if args.anchor else None
    rng = np.random.default_rng(50 + step)
    torch.manual_seed(50 + step)

    def batch_of(rows: list[list[Group]], source: Pictures, more: bool) -> tuple[Packed, list[int]]:
        """Takes rows from the list until rows or pictures fill a batch."""
        taken: list[list[Group]] = []
        count = 0
        while rows and len(taken) < args.rows:
            mine = sum(len(g.pictures) for g in rows[-1])
            if count + mine > args.pictures:
                break
            count += mine
            taken.append(rows.pop())
        p = pack(taken + [[]] * (args.rows - len(taken)), enc.head, args.width, pad)
        extra = rng.choice(source.ids, args.pictures - count).tolist() if more else p.pictures[:1] * (args.pictures - count)
        return p.to(device), p.pictures + extra

    def vision_loss(source: Pictures, ids: list[int], sums: dict[str, float], seen: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """-> (states of the pictures' tokens [N*25, C], loss of the hints)"""
        with machine.autocast():
            y, fine = network.vision(patches([source.data.picture(i) for i in ids]).to(device))
        want_fine, want, boxes = (t.to(device) for t in source.hints(ids))
        a, _ = heads["fine"](fine.float(), want_fine, seen)
        b, right = heads["coarse"](y.float().view(len(ids), PADS, -1), want, seen)
        c = heads["box"](y.float().view(len(ids), PADS, -1), boxes)
        sums["fine"] += a.item()
        sums["coarse"] += b.item()
        sums["box"] += c.item()
        for name, (good, asked) in zip(LOCAL_NAMES, right.tolist()):
            sums[f"+{name}"] += good
            sums[f"-{name}"] += asked
        return y, args.hint * (a + b) + args.box * c

    def averages(sums: dict[str, float], steps: int) -> dict[str, float]:
        out = {k: v / steps for k, v in sums.items() if k[0] not in "+-"}
        return out | {f"see_{k[1:]}": v / max(1.0, sums["-" + k[1:]]) for k, v in sums.items() if k[0] == "+"}

    @torch.no_grad()
    def check() -> dict[str, float]:
        right, count, whole, asked = (defaultdict(float) for _ in range(4))
        sums: dict[str, float] = defaultdict(float)
        rows = in_rows(held, args.width, np.random.default_rng(0))
        steps = 0
        while rows:
            p, ids = batch_of(rows, held_pictures, False)
            y, _ = vision_loss(held_pictures, ids, sums)
            steps += 1
            with machine.autocast():
                h = network.language(p, y[: len(p.pictures) * PADS])
            _, ok, b, s = token_loss(net, h, p, (p.learn == 1.0).float())
            own = p.own[b, s]
            for r, names in enumerate(p.kinds):
                for number, kind in enumerate(names):
                    mine = ok[(b == r) & (own == number + 1)]
                    if kind != "picture" and len(mine):
                        right[kind] += float(mine.float().sum())
                        count[kind] += len(mine)
                        whole[kind] += float(mine.all())
                        asked[kind] += 1
        out = {"tokens": sum(right.values()) / max(1.0, sum(count.values())), "whole": sum(whole.values()) / max(1.0, sum(asked.values()))}
        return out | {f"whole_{k}": whole[k] / asked[k] for k in sorted(asked)} | averages(sums, steps)

    def store() -> None:
        weights = {k: v.clone() for k, v in net.state_dict().items()}
        net.load_state_dict(ema.shadow, strict=False)
        net.tie_weights()
        net.eval()
        log.write(event="eval", step=step, seen=seen, **check())
        net.load_state_dict(weights)
        net.train()
        save(path, {"model": weights, "ema": {k: v.clone() for k, v in ema.shadow.items()}, "heads": heads.state_dict(),
                    "opt": opt.state_dict(), "frozen": args.freeze_language, "step": step, "seen": seen, "config": config})

    begin, total, first = time.time(), args.minutes * 60, step
    sums: dict[str, float] = defaultdict(float)
    mark, mark_seen, last, hits = time.time(), seen, time.time(), 0
    rows: list[list[Group]] = []
    plain_rows: list[list[Group]] = []
    while (now := time.time() - begin) < total:
        if now < args.look * 60:
            ids = rng.choice(pictures.ids, args.pictures).tolist()
            loss = vision_loss(pictures, ids, sums, seen_things)[1]
            seen += len(ids)
        elif rng.random() < args.plain and not args.freeze_language:
            plain_rows = plain_rows or in_rows(requests, args.width, rng)
            p, _ = batch_of(plain_rows, pictures, False)
            with machine.autocast():
                h = network.language(p, None)
            loss, ok, _, _ = token_loss(net, h, p, p.learn, colours)
            loss = loss + args.echo * heads["echo"](h, p.tokens, p.place.where(p.own > 0, -1), 0.2)
            if anchor is not None:
                with torch.no_grad(), machine.autocast():
                    want = anchor.language(p, None)
                on = (p.own > 0).unsqueeze(-1)
                drift = ((h - want).square() * on).sum() / (want.square() * on).sum()
                loss = loss + args.anchor * drift
                sums["drift"] += drift.item()
            seen += sum(len(k) for k in p.kinds)
        else:
            rows = rows or in_rows(groups, args.width, rng)
            p, ids = batch_of(rows, pictures, True)
            y, named = vision_loss(pictures, ids, sums, seen_things)
            with machine.autocast():
                h = network.language(p, y[: len(p.pictures) * PADS])
            loss, ok, _, _ = token_loss(net, h, p, p.learn, colours)
            sums["loss"] += loss.item()
            sums["right"] += ok.float().mean().item()
            loss = loss + named
            if not args.freeze_language:
                loss = loss + args.echo * heads["echo"](h, p.tokens, p.place.where((p.own > 0) & (p.tokens != image), -1), 0.2)
            seen += sum(k != "picture" for names in p.kinds for k in names)
        loss.backward()
        clip(both.parameters(), 1.0)
        opt.step(schedule(now, total, 15.0 if first == 0 else 3.0, total * args.cool))
        step += 1
        ema.update(net, step)
        if step % 100 == 0:
            log.write(step=step, seen=seen, samples_s=(seen - mark_seen) / (time.time() - mark), **averages(sums, 100))
            sums.clear()
            mark, mark_seen = time.time(), seen
        if time.time() - last > args.every:
            store()
            last = mark = time.time()
            mark_seen = seen
    store()


if __name__ == "__main__":
    main()
