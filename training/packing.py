"""Packs many examples into one row of tokens. Questions about a picture follow it and attend to it, but not
to one another.

Every token keeps the position that it has in its own example, so values are those of single examples. The
system prompt and the picture are computed once for all questions, and all batches have the same shape.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Sequence

import numpy as np
import torch
from torch import Tensor

from mllm import Example, mrope_positions


@dataclass
class Segment:
    """Tokens that attend to themselves, to the system prompt, and to the picture of their group if there is
    one."""

    ids: np.ndarray  # [n]
    learn: np.ndarray  # [n] loss weight of predicting this token from the one before
    pos: np.ndarray  # [3, n]
    kind: str
    never: tuple[int, ...] = ()  # see Example


@dataclass
class Group:
    """A picture with the examples about it; without a picture, a single example."""

    pictures: list[int]
    shown: Segment | None
    asked: list[Segment] = field(default_factory=list)

    def __len__(self) -> int:
        return (len(self.shown.ids) if self.shown else 0) + sum(len(s.ids) for s in self.asked)


def grouped(examples: Sequence[Example], head: int, image: int, end: int) -> list[Group]:
    """Groups examples by picture. head: number of system prompt tokens, which are omitted; image, end: ids of
    <|image_pad|> and <|vision_end|>"""
    out: list[Group] = []
    of_picture: dict[tuple[int, ...], Group] = {}
    for e in examples:
        pos = mrope_positions(e.ids, image)
        if not e.pictures:
            out.append(Group([], None, [Segment(e.ids[head:], e.learn[head:].copy(), pos[:, head:], e.kind, e.never)]))
            continue
        cut = int(np.flatnonzero(e.ids == end)[-1]) + 1
        key = tuple(e.pictures)
        if key not in of_picture:
            quiet = np.zeros(cut - head, dtype=np.float32)
            of_picture[key] = Group(e.pictures, Segment(e.ids[head:cut], quiet, pos[:, head:cut], "picture"))
            out.append(of_picture[key])
        of_picture[key].asked.append(Segment(e.ids[cut:], e.learn[cut:].copy(), pos[:, cut:], e.kind, e.never))
    for g in out:
        for s in g.asked:
            s.learn[0] = 0.0  # in the row, the token before it belongs to another example
    return out


def in_rows(groups: Sequence[Group], width: int, rng: np.random.Generator) -> list[list[Group]]:
    """Rows of at most `width` tokens in random order. A group that is too long loses random questions."""
    rows: list[list[Group]] = []
    free: list[int] = []
    waiting: list[int] = []
    for i in rng.permutation(len(groups)):
        g = groups[i]
        keep = [g.asked[k] for k in rng.permutation(len(g.asked))]
        while len(g := Group(g.pictures, g.shown, keep)) > width:
            keep = keep[:-1]
        if not keep:
            continue
        slot = next((k for k in waiting if free[k] >= len(g)), None)
        if slot is None:
            rows.append([])
            free.append(width)
            slot = len(rows) - 1
            waiting.append(slot)
            if len(waiting) > 24:  # closes the fullest of the open rows
                waiting.remove(min(waiting, key=lambda k: free[k]))
        rows[slot].append(g)
        free[slot] -= len(g)
    return [rows[i] for i in rng.permutation(len(rows))]


@dataclass
class Packed:
    tokens: Tensor  # [B, head + W]
    learn: Tensor  # [B, head + W]
    pos: Tensor  # [3, B, head + W]
    own: Tensor  # [B, head + W] number of the segment; 0: system prompt, -1: padding
    root: Tensor  # [B, head + W] number of the segment to which this one attends too: its picture
    place: Tensor  # [B, head + W] position within the segment
    pictures: list[int]
    kinds: list[list[str]]  # by row and segment number - 1
    never: list[list[tuple[int, ...]]]  # by row and segment number - 1; see Example

    def to(self, device: torch.device) -> "Packed":
        moved = (t.to(device) for t in (self.tokens, self.learn, self.pos, self.own, self.root, self.place))
        return Packed(*moved, self.pictures, self.kinds, self.never)

    def mask(self, head: int) -> Tensor:
        """Additive mask [B, 1, W, head + W] of the tokens after the system prompt"""
        own, root = self.own[:, head:], self.root[:, head:]
        w = own.shape[1]
        causal = torch.ones(w, w, dtype=torch.bool, device=own.device).tril()
        sees = ((own[:, :, None] == own[:, None]) | (root[:, :, None] == own[:, None])) & causal
        full = torch.cat([torch.ones(len(own), w, head, dtype=torch.bool, device=own.device), sees], dim=2)
        return torch.zeros(full.shape, device=own.device).masked_fill(~full, -1e9)[:, None]


def pack(rows: Sequence[Sequence[Group]], prefix: np.ndarray, width: int, pad: int) -> Packed:
    """Puts rows of groups into one batch. prefix: ids of the system prompt"""
    b, head = len(rows), len(prefix)
    s = head + width
    tokens = np.full((b, s), pad, dtype=np.int64)
    tokens[:, :head] = prefix
    learn = np.zeros((b, s), dtype=np.float32)
    pos = np.zeros((3, b, s), dtype=np.int64)
    pos[:, :, :head] = np.arange(head)
    own = np.full((b, s), -1, dtype=np.int64)
    own[:, :head] = 0
    root = np.full((b, s), -2, dtype=np.int64)
    place = np.zeros((b, s), dtype=np.int64)
    pictures: list[int] = []
    kinds: list[list[str]] = []
    never: list[list[tuple[int, ...]]] = []
    for r, row in enumerate(rows):
        at, number = head, 0
        names: list[str] = []
        bans: list[tuple[int, ...]] = []
        for g in row:
            pictures += g.pictures
            behind = 0
            for seg in ([g.shown] if g.shown else []) + g.asked:
                number += 1
                n = len(seg.ids)
                tokens[r, at : at + n], learn[r, at : at + n], pos[:, r, at : at + n] = seg.ids, seg.learn, seg.pos
                own[r, at : at + n] = number
                root[r, at : at + n] = behind or number
                place[r, at : at + n] = np.arange(n)
                if seg is g.shown:
                    behind = number
                names.append(seg.kind)
                bans.append(seg.never)
                at += n
        kinds.append(names)
        never.append(bans)
    arrays = (torch.from_numpy(a) for a in (tokens, learn, pos, own, root, place))
    return Packed(*arrays, pictures, kinds, never)
