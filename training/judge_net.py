"""The judge's network and its losses."""
from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from judge_data import FIELDS, PAGE, REGRESSIONS
from speed import Machine

WIDTHS = (32, 64, 96)
OUTPUTS = 1 + sum(len(v) for _, v in FIELDS) + len(REGRESSIONS)


class Conv(nn.Module):
    def __init__(self, a: int, b: int, k: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(a, b, k, stride, (k - 1) // 2, bias=False)
        self.norm = nn.BatchNorm2d(b)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the convolution that equals this convolution and its norm in eval mode"""
        gain = self.norm.weight / (self.norm.running_var + self.norm.eps).sqrt()
        return self.conv.weight * gain[:, None, None, None], self.norm.bias - self.norm.running_mean * gain


class Block(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.first, self.second = Conv(c, c), Conv(c, c)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(F.relu(self.first(x))))


class Judge(nn.Module):
    """Pictures [N, 3, 128, 128] in -1..1 -> outputs of each cell [N, OUTPUTS, 16, 16], logits of the page [N,
    20]"""

    def __init__(self) -> None:
        super().__init__()
        a, b, c = WIDTHS
        self.stem, self.down1 = Conv(12, a), Conv(a, b, stride=2)
        self.fine = nn.Sequential(Block(b), Block(b))
        self.down2 = Conv(b, c, stride=2)
        self.middle = nn.Sequential(Block(c), Block(c))
        self.down3 = Conv(c, c, 2, 2)
        self.coarse, self.up = Block(c), Conv(c, c, 1)
        self.merged = Block(c)
        self.hidden, self.stands = Conv(2 * c, 128, 1), nn.Conv2d(128, OUTPUTS, 1)
        self.page = nn.Linear(2 * c, sum(len(v) for _, v in PAGE))
        nn.init.constant_(self.stands.bias[:1], -4.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = F.relu(self.stem(F.pixel_unshuffle(x, 2)))
        x = self.fine(F.relu(self.down1(x)))
        x = self.middle(F.relu(self.down2(x)))
        y = self.up(self.coarse(F.relu(self.down3(x))))
        x = self.merged(F.relu(x + F.interpolate(y, scale_factor=2.0, mode="nearest")))
        page = self.page(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))
        return self.stands(F.relu(self.hidden(with_column(x)))), page


def with_column(x: Tensor) -> Tensor:
    """Adds to each cell the largest features of the cells above and below: a lamp's colour is its shade's, a
    hat is on top. Things stand in a row, so a narrow column holds little of their neighbours."""
    return torch.cat([x, F.max_pool2d(x, (7, 3), 1, (3, 1))], 1)


def heat_loss(logit: Tensor, want: Tensor, ignore: Tensor) -> Tensor:
    """Focal loss with soft targets near the centres, as in CenterNet. want: [N, G, G], 1 at centres, less
    beside them"""
    p = logit.sigmoid().clamp(1e-5, 1 - 1e-5)
    centre = want == 1
    loss = torch.where(centre, -((1 - p) ** 2) * p.log(), -((1 - want) ** 4) * p**2 * (1 - p).log())
    return (loss * ~ignore).sum() / centre.sum().clamp(min=1)


def losses(out: Tensor, page: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {"heat": heat_loss(out[:, 0], batch["heat"], batch["ignore"])}
    parts = split(out[batch["n"], :, batch["cy"], batch["cx"]])
    for i, ((name, _), part) in enumerate(zip(FIELDS, parts)):
        want = batch["fields"][:, i].long()
        known = want.where(want != 255, -100)
        # The mean over the copies to which the head applies, so that all heads have the same weight.
        found[name] = F.cross_entropy(part, known, ignore_index=-100, reduction="sum") / (known >= 0).sum().clamp(min=4)
    miss = F.smooth_l1_loss(parts[-1], batch["regress"], beta=0.1, reduction="none").mean(0)
    found["where"] = 2 * miss.sum()
    for (name, _), part, want in zip(PAGE, split_page(page), batch["page"]):
        found[name] = F.cross_entropy(part, want)
    return found


@torch.no_grad()
def outputs(net: Judge, pictures: np.ndarray, machine: Machine) -> tuple[Tensor, Tensor]:
    out = []
    for i in range(0, len(pictures), 64):
        x = torch.from_numpy(pictures[i : i + 64]).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        with machine.autocast():
            out.append([v.float() for v in net(x.to(memory_format=torch.channels_last))])
    return torch.cat([a for a, _ in out]), torch.cat([b for _, b in out])


def peaks(heat: Tensor) -> Tensor:
    """Logits [N, G, G] -> whether each cell is at least as high as its eight neighbours"""
    return F.max_pool2d(heat[:, None], 3, 1, 1)[:, 0] == heat


def split(rows: Tensor) -> tuple[Tensor, ...]:
    """[stands, OUTPUTS] -> logits of every head of FIELDS, then the numbers of REGRESSIONS"""
    return rows[:, 1:].split([len(v) for _, v in FIELDS] + [len(REGRESSIONS)], 1)


def split_page(page: Tensor) -> tuple[Tensor, ...]:
    """[N, 20] -> logits of every head of PAGE"""
    return page.split([len(v) for _, v in PAGE], 1)
