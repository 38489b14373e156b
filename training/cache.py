"""Reads the folders that encode.py writes, and makes batches. Few shapes occur, because each has to be
compiled."""
from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np
import torch
from torch import Tensor

from hints import CLASSES

# Text columns of a batch for compiled blocks, without the system prefix: the smallest width that holds the
# longest text. Beside references more columns cost little, while compiling a shape takes half a minute or
# more.
WIDTHS = (24, 40, 64, 96)
WIDTHS_WITH_PICTURES = (40, 96)


def text_columns(longest: int, with_pictures: bool, few_shapes: bool) -> int:
    """Text columns of a batch whose longest text has `longest` tokens after the system prefix"""
    if not few_shapes:
        return longest
    return next((w for w in (WIDTHS_WITH_PICTURES if with_pictures else WIDTHS) if w >= longest), longest)


@dataclass
class Batch:
    task: str
    x: Tensor  # [B, 16, h, w] target latents
    refs: list[Tensor]  # each [B, 16, h, w]
    text: Tensor  # [B, L, C]
    text_len: Tensor  # [B] valid tokens, counted from position 0
    hints: Tensor  # [B, channels, tokens] bytes, see hints.py

    def to(self, device: torch.device) -> "Batch":
        return Batch(self.task, self.x.to(device), [r.to(device) for r in self.refs], self.text.to(device),
                     self.text_len.to(device), self.hints.to(device))


class Cache:
    def __init__(self, folder: Path, size: int) -> None:
        meta = json.loads((folder / "meta.json").read_text())
        info = json.loads((folder / "items.json").read_text())
        dim, m, s = meta["text_dim"], meta["pictures"], size // 8
        self.latents = np.fromfile(folder / f"latents_{size}.f16", dtype=np.float16).reshape(m, 16, s, s)
        self.hints = np.fromfile(folder / f"hints_{size}.u8", dtype=np.uint8).reshape(meta["items"], len(CLASSES), -1)
        self.text = np.fromfile(folder / "text.f16", dtype=np.float16).reshape(-1, dim)
        self.prefix = np.fromfile(folder / "prefix.f16", dtype=np.float16).reshape(-1, dim)
        self.lengths = np.array(info["lengths"])
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.empty = info["empty"]
        self.items = info["items"]
        groups: dict[tuple[str, int], list[int]] = {}
        for i, it in enumerate(self.items):
            groups.setdefault((it["task"], len(it["refs"])), []).append(i)
        self.groups = {k: np.array(v) for k, v in groups.items()}
        self.things = np.array([it["things"] for it in self.items])
        self.length_of = np.array([self.lengths[it["text"]] for it in self.items])

    def text_batch(self, texts: Sequence[int], skip_prefix: bool, with_pictures: bool, few_shapes: bool) -> tuple[Tensor, Tensor]:
        """-> (states [B, L, C], valid lengths [B], including the prefix)"""
        front = 0 if skip_prefix else len(self.prefix)
        lens = self.lengths[list(texts)]
        width = text_columns(int(lens.max()), with_pictures, few_shapes)
        out = np.zeros((len(texts), front + width, self.text.shape[1]), dtype=np.float32)
        if front:
            out[:, :front] = self.prefix
        for r, i in enumerate(texts):
            out[r, front : front + lens[r]] = self.text[self.starts[i] : self.starts[i] + lens[r]]
        return torch.from_numpy(out), torch.from_numpy(lens + len(self.prefix))

    def plan(self, sizes: Sequence[int], rng: np.random.Generator, shares: dict[str, float], most: int,
             team: int) -> list[list[np.ndarray]]:
        """One pass over the items: for every step the item numbers of each of `team` members. The batches of
        a step have the same task and number of references, and similar text lengths.

        sizes: batch size with 0, 1, … references; shares: how often each task's items are used (default 1);
        most: omits items with more drawn copies
        """
        out: list[list[np.ndarray]] = []
        for (task, refs), items in self.groups.items():
            items = items[self.things[items] <= most]
            share = shares.get(task, 1.0)
            count = int(round(share * len(items)))
            if count == 0:
                continue
            pick = np.concatenate([rng.permutation(items) for _ in range(int(np.ceil(share)))])[:count]
            pick = pick[np.argsort(self.length_of[pick] + 3.0 * rng.random(len(pick)))]
            n = sizes[refs]
            batches = [pick[at : at + n] for at in range(0, len(pick) - n + 1, n)]
            out += [batches[at : at + team] for at in range(0, len(batches) - team + 1, team)]
        return out

    def batch(self, items: np.ndarray, rng: np.random.Generator, drop: float, skip_prefix: bool,
              few_shapes: bool = False) -> Batch:
        """drop: probability of the empty prompt; few_shapes: text columns of few widths, for compiled code"""
        rows = [self.items[i] for i in items]
        texts = [self.empty if rng.random() < drop else r["text"] for r in rows]
        text, lens = self.text_batch(texts, skip_prefix, bool(rows[0]["refs"]), few_shapes)

        def lat(ids: list[int]) -> Tensor:
            return torch.from_numpy(self.latents[ids].astype(np.float32))

        refs = [lat([r["refs"][j] for r in rows]) for j in range(len(rows[0]["refs"]))]
        return Batch(rows[0]["task"], lat([r["target"] for r in rows]), refs, text, lens, torch.from_numpy(self.hints[items]))
