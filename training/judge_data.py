"""The judge's training data: exact scenes as arrays, and pictures that are rendered, decoded, degraded or
broken."""
from __future__ import annotations

import hashlib
import io
import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from data import Shards, find_shards
from hints import ACCESSORIES, COLOURS, EXPRESSIONS, GLOBAL, KINDS, PATTERNS
from optim import Log
from speed import Machine

GRID, CELL = 16, 8
SIZES = ["small", "medium", "big"]
FIELDS: list[tuple[str, list[str]]] = [
    ("kind", KINDS), ("colour", COLOURS), ("pattern", PATTERNS), ("patternColour", COLOURS), ("expression", EXPRESSIONS),
    ("accessory", ["none", *ACCESSORIES]), ("accessoryColour", COLOURS), ("size", SIZES)]
REGRESSIONS = ["x", "y", "scale"]
PAGE = GLOBAL
# Tasks whose scene belongs to one of the sample's pictures: the target, or the picture of the question.
SHOWN = {"t2i": "target", "edit": "target", "incontext": "target", "understand": "ref"}


@dataclass
class Page:
    """The truth of one picture. Class numbers are 255 where a head does not apply."""

    id: int
    page: np.ndarray  # [4] class numbers of style, time, weather, background
    at: np.ndarray  # [stands, 4]: x and y of the centre, scale, half width; in pixels
    fields: np.ndarray  # [stands, 8] class numbers as bytes
    there: np.ndarray  # [stands] 1: present, 0: broken, -1: ignored


def number(values: list[str], value: Any) -> int:
    return values.index(value) if value in values else 255


def page_of(id: int, scene: Any) -> Page:
    at, fields = [], []
    for thing in scene["things"]:
        who, b = thing["who"], thing["who"]["build"]
        worn = who.get("accessory")
        creature = thing.get("expression") is not None
        row = [number(KINDS, who["kind"]), number(COLOURS, who["colour"]), number(PATTERNS, who["pattern"]),
               number(COLOURS, who.get("patternColour")), number(EXPRESSIONS, thing.get("expression")),
               FIELDS[5][1].index(worn["kind"]) if worn else 0 if creature else 255,
               number(COLOURS, worn["colour"]) if worn else 255, number(SIZES, thing["size"])]
        for s in thing["stands"]:
            at.append([s["x"], s["y"] - 22 * s["scale"] * b["height"], s["scale"], 19 * s["scale"] * b["width"]])
            fields.append(row)
    return Page(id, np.array([number(v, scene[n]) for n, v in PAGE]), np.array(at, dtype=np.float32).reshape(-1, 4),
                np.array(fields, dtype=np.uint8).reshape(-1, 8), np.ones(len(at), dtype=np.int8))


def sure(page: Page) -> list[np.ndarray]:
    """The page's truth as a probability of 1 for the right class of each head"""
    return [np.eye(len(v), dtype=np.float32)[page.page[i]] for i, (_, v) in enumerate(PAGE)]


def key_of(data: Shards) -> tuple[Any, ...]:
    """A key that changes with the shards and with the fields of Page"""
    return list(Page.__dataclass_fields__), [f.name for f in data.folders], data.starts


def labels(root: str, want: str, run: Path) -> tuple[Shards, list[Page]]:
    """The shards of `root`, and the truth of every picture with a known scene, in random order. Cached in
    `run`."""
    data = find_shards(root, want, words=False)
    file = run / f"labels-{want}.pkl"
    key = key_of(data)
    if file.exists():
        found, pages = pickle.loads(file.read_bytes())
        if found == key:
            return data, pages
    seen: dict[int, Page] = {}
    for s in find_shards(root, want).samples:
        where = SHOWN.get(s.task)
        id = None if where is None else s.target if where == "target" else s.refs[0]
        if id is not None and isinstance(s.scene, dict):
            seen[id] = page_of(id, s.scene)
    pages = list(seen.values())
    pages = [pages[i] for i in np.random.default_rng(7).permutation(len(pages))]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps((key, pages), protocol=5))
    return data, pages


def decoded(data: Shards, pages: list[Page], vae_run: Optional[Path], file: Path, n: int, machine: Machine, log: Log,
            breaking: bool = False) -> tuple[np.ndarray, list[Page]]:
    """Pictures decoded by the VAE, most of them from noisy latents. With `breaking`, the latents of things
    are in disorder, as an untrained transformer draws them.

    Cached in `file`, and made again for other shards, another number or another VAE. Without a VAE, cached
    pictures of these shards are used, or none.
    """
    shards = f"{key_of(data)} {n}"
    weights = hashlib.sha256((vae_run / "vae.pt").read_bytes()).hexdigest() if vae_run else None
    kept = np.load(file) if file.exists() else {}
    if str(kept.get("shards")) != shards or weights not in (None, str(kept.get("vae"))):
        if vae_run is None:
            return np.zeros((0, data.size, data.size, 3), dtype=np.uint8), []
        from vae import load_vae

        net, config = load_vae(vae_run)
        rng = np.random.default_rng(12 if breaking else 11)
        chosen = rng.integers(0, len(pages), n) if n < len(pages) else np.arange(len(pages))
        out, there = [], np.ones((len(chosen), 9), dtype=np.int8)
        for i in range(0, len(chosen), 32):
            part = [pages[k] for k in chosen[i : i + 32]]
            x = data.batch(p.id for p in part).to(memory_format=torch.channels_last)
            with torch.no_grad(), machine.autocast():
                z = net.encode(x).latent_dist.mean.float()
                for k, page in enumerate(part if breaking else []):
                    there[i + k, : len(page.at)] = disorder(z, k, page, rng)
                level = torch.from_numpy(rng.uniform(0, 0.4, len(part)) * (rng.random(len(part)) < 0.7)).float()
                z = z + level[:, None, None, None] / config["scaling_factor"] * torch.randn_like(z)
                y = net.decode(z).sample.float()
            out.append(((y.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
            if i % 1600 == 0:
                log.write(event="decoded", file=str(file), pictures=i)
        np.savez(file, pictures=np.concatenate(out), pages=chosen, there=there, shards=shards, vae=weights)
        kept = np.load(file)
    found = [pages[i] for i in kept["pages"]]
    if "there" in kept:
        found = [replace(p, there=t[: len(p.at)]) for p, t in zip(found, kept["there"])]
    return kept["pictures"], found


def disorder(z: Tensor, k: int, page: Page, rng: np.random.Generator) -> np.ndarray:
    """Breaks the latents [N, C, 16, 16] of row k under one or all copies -> `there` of the copies"""
    there = np.ones(len(page.at), dtype=np.int8)
    one = int(rng.integers(max(1, len(page.at)))) if rng.random() < 0.4 else None
    way = rng.random()
    for s, (x, y, scale, half) in enumerate(page.at):
        if one is not None and s != one:
            near = abs(x - page.at[one, 0]) < half + page.at[one, 3] + 8
            there[s] = -1 if near else 1
            continue
        there[s] = 0
        x0, x1 = (int(np.clip(round(v / 8), 0, 16)) for v in (x - 1.1 * half, x + 1.1 * half))
        y0, y1 = (int(np.clip(round(v / 8), 0, 16)) for v in (y - 32 * scale, y + 24 * scale))
        box = z[k, :, y0:y1, x0:x1]
        if box.numel() == 0:
            continue
        if way < 0.45:  # shuffled cells
            flat = box.flatten(1)
            torn = flat[:, torch.from_numpy(rng.permutation(flat.shape[1]))].view_as(box)
        elif way < 0.7:  # a part of another picture
            other = z[(k + 1) % len(z)].roll((int(rng.integers(2, 6)), int(rng.integers(3, 13))), (1, 2))
            torn = other[:, y0:y1, x0:x1] * 0.6 + box * 0.4
        else:  # mostly noise
            torn = box * 0.4 + float(rng.uniform(0.5, 1.1)) * box.std() * torch.randn_like(box)
        soft = F.avg_pool2d(torn[None], 3, 1, 1, count_include_pad=False)[0]
        share = float(rng.uniform(0.2, 0.8))
        z[k, :, y0:y1, x0:x1] = share * soft + (1 - share) * torn
    return there


class Mixer:
    """Makes random batches: pictures in -1..1 with the targets of the losses"""

    def __init__(self, data: Shards, pages: list[Page], again: list[tuple[float, np.ndarray, list[Page]]],
                 rng: np.random.Generator) -> None:
        """again: sets of decoded pictures, each with its share of the batches"""
        self.data, self.pages, self.again, self.rng = data, pages, again, rng

    def one(self) -> tuple[np.ndarray, Page]:
        lot = self.rng.random()
        for share, pictures, pages in self.again:
            if 0 <= lot < share and len(pages) > 0:
                i = int(self.rng.integers(len(pages)))
                return pictures[i], pages[i]
            lot -= share
        page = self.pages[int(self.rng.integers(len(self.pages)))]
        if self.rng.random() < 0.5 and not hard(page):
            page = self.pages[int(self.rng.integers(len(self.pages)))]
        return self.data.picture(page.id), page

    def draw(self, n: int) -> dict[str, Tensor]:
        drawn = [self.damaged(*self.one()) for _ in range(n)]
        return Mixer.targets([d[1] for d in drawn], [d[2] for d in drawn], [d[3] for d in drawn]) | {
            "x": torch.from_numpy(np.stack([d[0] for d in drawn])).permute(0, 3, 1, 2)}

    def damaged(self, picture: np.ndarray, page: Page) -> tuple[np.ndarray, Page, list[np.ndarray], np.ndarray]:
        """-> picture in -1..1, its truth, probabilities for the page's heads, and `there` of every copy"""
        rng = self.rng
        x = picture.astype(np.float32) / 127.5 - 1
        soft = sure(page)
        there = page.there
        if rng.random() < 0.13:
            x, soft, there = self.broken(x, page, soft, there)
        if rng.random() < 0.5:
            dx, dy = (int(v) for v in rng.integers(-4, 5, 2))
            x = np.pad(x, ((4, 4), (4, 4), (0, 0)), mode="edge")[4 - dy : 132 - dy, 4 - dx : 132 - dx]
            page = replace(page, at=page.at + np.array([dx, dy, 0, 0], dtype=np.float32))
        if rng.random() < 0.3:
            x = (x - 0.1) * rng.uniform(0.88, 1.12) + 0.1 + rng.uniform(-0.08, 0.08, (1, 1, 3)).astype(np.float32) * rng.random()
        if rng.random() < 0.15:
            x = blurred(x, float(rng.uniform(0.4, 1.0)))
        if rng.random() < 0.15:
            x = x + rng.standard_normal(x.shape, dtype=np.float32) * float(rng.uniform(0.01, 0.09))
        if rng.random() < 0.12:
            file = io.BytesIO()
            Image.fromarray(((x.clip(-1, 1) + 1) * 127.5).astype(np.uint8)).save(file, "JPEG", quality=int(rng.integers(35, 90)))
            x = np.asarray(Image.open(file), dtype=np.float32) / 127.5 - 1
        return x.clip(-1, 1).astype(np.float32), page, soft, there

    def broken(self, x: np.ndarray, page: Page, soft: list[np.ndarray], there: np.ndarray) -> Any:
        """Breaks a picture: a part of another picture, a blend of two pictures, or a smeared or torn thing"""
        rng = self.rng
        way = rng.random()
        x = x.copy()
        if way < 0.55:
            other, second = self.one()
            y = other.astype(np.float32) / 127.5 - 1
            theirs = sure(second)
            if way < 0.3:
                cut = int(rng.integers(24, 105))
                mine = cut / 128
                x[:, cut:] = y[:, cut:]
                left, right = page.at[:, 0] - page.at[:, 3], page.at[:, 0] + page.at[:, 3]
                seen = ((np.minimum(right, cut) - left) / (right - left)).clip(0, 1)
                there = np.where(seen > 0.93, there, np.where(seen > 0.5, -1, 0)).astype(np.int8)
            else:
                mine = float(rng.choice([rng.uniform(0.82, 0.95), rng.uniform(0.45, 0.65)]))
                x = mine * x + (1 - mine) * y
                there = there if mine > 0.8 else np.zeros_like(there)
            soft = [mine * a + (1 - mine) * b for a, b in zip(soft, theirs)]
        elif len(page.at) > 0:
            k = int(rng.integers(len(page.at)))
            cx, cy, scale, half = page.at[k]
            x0, x1 = int(max(0, cx - 1.2 * half)), int(min(128, cx + 1.2 * half))
            y0, y1 = int(max(0, cy - 32 * scale)), int(min(128, cy + 25 * scale))
            part = x[y0:y1, x0:x1]
            if way < 0.8:
                x[y0:y1, x0:x1] = blurred(part, float(rng.uniform(4, 9) * scale))
            else:
                tile = max(4, int(12 * scale))
                torn = part.copy()
                for ty in range(0, part.shape[0] - tile, tile):
                    for tx in range(0, part.shape[1] - tile, tile):
                        sy, sx = int(rng.integers(part.shape[0] - tile)), int(rng.integers(part.shape[1] - tile))
                        torn[ty : ty + tile, tx : tx + tile] = part[sy : sy + tile, sx : sx + tile]
                x[y0:y1, x0:x1] = torn
            reach = abs(page.at[:, 0] - cx) < page.at[:, 3] + 1.2 * half
            there = np.where(np.arange(len(there)) == k, 0, np.where(reach, -1, there)).astype(np.int8)
        return x, soft, there

    @staticmethod
    def targets(pages: list[Page], soft: list[list[np.ndarray]], there: Optional[list[np.ndarray]] = None) -> dict[str, Any]:
        heat = np.zeros((len(pages), GRID, GRID), dtype=np.float32)
        ignore = np.zeros((len(pages), GRID, GRID), dtype=bool)
        at = np.arange(GRID) + 0.5
        where, fields, regress = [], [], []
        for n, page in enumerate(pages):
            for k, (x, y, scale, _) in enumerate(page.at):
                state = 1 if there is None else int(there[n][k])
                gx, gy = x / CELL, y / CELL
                cx, cy = min(GRID - 1, max(0, int(gx))), min(GRID - 1, max(0, int(gy)))
                if state == 0:
                    continue
                if state < 0:
                    ignore[n, max(0, cy - 3) : cy + 4, max(0, cx - 2) : cx + 3] = True
                    continue
                bump = np.exp(-((at[None, :] - gx) ** 2 + (at[:, None] - gy) ** 2) / (2 * 0.7**2))
                bump[bump > 0.99] = 0.99
                heat[n] = np.maximum(heat[n], bump)
                heat[n, cy, cx] = 1
                where.append((n, cy, cx))
                fields.append(page.fields[k])
                regress.append([gx - cx - 0.5, gy - cy - 0.5, np.log(scale)])
        for n, cy, cx in where:
            ignore[n, cy, cx] = False
        spots = torch.tensor(where, dtype=torch.long).reshape(-1, 3)
        return {"heat": torch.from_numpy(heat), "ignore": torch.from_numpy(ignore), "n": spots[:, 0], "cy": spots[:, 1],
                "cx": spots[:, 2], "fields": torch.from_numpy(np.stack(fields) if fields else np.zeros((0, 8), np.uint8)),
                "regress": torch.tensor(np.array(regress, dtype=np.float32).reshape(-1, len(REGRESSIONS))),
                "page": [torch.from_numpy(np.stack([s[i] for s in soft])) for i in range(len(PAGE))]}


def hard(page: Page) -> bool:
    """Whether it has a pattern, a small thing or the neon style. These have most errors, so they occur more
    often."""
    return bool(PAGE[0][1][page.page[0]] == "neon" or (page.fields[:, 2] > 0).any() or (page.at[:, 2] < 0.7).any())


def blurred(x: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of [H, W, 3]"""
    r = max(1, int(2.5 * sigma))
    k = torch.exp(-torch.arange(-r, r + 1).float() ** 2 / (2 * sigma**2))
    k = (k / k.sum()).view(1, 1, -1)
    t = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)).permute(2, 0, 1)
    for _ in range(2):
        rows = F.conv1d(F.pad(t, (r, r), mode="replicate").reshape(-1, 1, t.shape[2] + 2 * r), k)
        t = rows.reshape(3, t.shape[1], t.shape[2]).transpose(1, 2)
    return t.permute(1, 2, 0).numpy()
