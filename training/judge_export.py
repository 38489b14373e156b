"""Exports the judge: calibrated probabilities, float16 weights, and values for tests."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from judge_data import FIELDS, GRID, PAGE, REGRESSIONS, Mixer
from judge_net import WIDTHS, Conv, Judge, peaks, split, split_page, with_column
from speed import Machine


@torch.no_grad()
def temperatures(net: Judge, mixer: Mixer, machine: Machine) -> dict[str, float]:
    """Calibration on held-out pictures: a temperature for each head's logits, and an offset for those of
    presence"""
    logits: dict[str, list[tuple[Tensor, Tensor]]] = {}
    for _ in range(40):
        batch = mixer.draw(64)
        with machine.autocast():
            out, page = net(batch["x"].to(memory_format=torch.channels_last))
        heat = out[:, 0].float()
        use = peaks(heat) & ~batch["ignore"] & (heat > -6)
        hit = F.max_pool2d((batch["heat"] == 1).float()[:, None], 3, 1, 1)[:, 0]
        logits.setdefault("presence", []).append((heat[use], hit[use]))
        rows = out[batch["n"], :, batch["cy"], batch["cx"]].float()
        for i, ((name, _), part) in enumerate(zip(FIELDS, split(rows))):
            keep = batch["fields"][:, i] != 255
            logits.setdefault(name, []).append((part[keep], batch["fields"][keep, i].long()))
        for (name, _), part, want in zip(PAGE, split_page(page.float()), batch["page"]):
            logits.setdefault(name, []).append((part, want))
    best: dict[str, float] = {}
    for name, pairs in logits.items():
        z, y = torch.cat([a for a, _ in pairs]), torch.cat([b for _, b in pairs])
        loss = F.binary_cross_entropy_with_logits if name == "presence" else F.cross_entropy
        grid = torch.logspace(-1, 1, 81)
        best[name] = float(grid[torch.stack([loss(z / t, y) for t in grid]).argmin()])
        if name == "presence":  # the focal loss gives too low probabilities, so it needs an offset too
            grid = torch.linspace(-3, 3, 61)
            for _ in range(3):
                best["offset"] = float(grid[torch.stack([loss(z / best[name] + b, y) for b in grid]).argmin()])
                steps = torch.logspace(-1, 1, 81)
                best[name] = float(steps[torch.stack([loss(z / t + best["offset"], y) for t in steps]).argmin()])
    return best


def at_rest(weights: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """The outputs of the exported weights for pictures. src/judge/graph.ts builds the same network."""
    def conv(x: Tensor, name: str, stride: int = 1) -> Tensor:
        w = weights[f"{name}.weight"]
        return F.conv2d(x, w, weights[f"{name}.bias"], stride, (w.shape[2] - 1) // 2)

    def block(x: Tensor, name: str) -> Tensor:
        return F.relu(x + conv(F.relu(conv(x, f"{name}.first")), f"{name}.second"))

    x = F.relu(conv(F.relu(conv(x, "stem", 2)), "down1", 2))
    x = F.relu(conv(block(block(x, "fine.0"), "fine.1"), "down2", 2))
    x = block(block(x, "middle.0"), "middle.1")
    y = conv(block(F.relu(conv(x, "down3", 2)), "coarse"), "up")
    x = block(F.relu(x + F.interpolate(y, scale_factor=2.0, mode="nearest")), "merged")
    page = F.linear(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1), weights["page.weight"], weights["page.bias"])
    return conv(F.relu(conv(with_column(x), "hidden")), "stands"), page


@torch.no_grad()
def load_export(net: Judge, folder: Path, pictures: Tensor) -> None:
    """Loads exported weights into a network to continue training. The norms get the statistics of `pictures`
    [N, 3, 128, 128], so that the network gives the same outputs in training mode and in eval mode."""
    tensors = {k: v.float() for k, v in load_file(folder / "model.safetensors").items()}
    w = tensors["stem.weight"].reshape(-1, 3, 3, 2, 3, 2).permute(0, 1, 3, 5, 2, 4)
    tensors["stem.weight"] = w.reshape(-1, 12, 3, 3)
    for name in ("stands", "page"):
        part = getattr(net, name)
        part.weight.copy_(tensors[f"{name}.weight"])
        part.bias.copy_(tensors[f"{name}.bias"])
    convs = [(name, part) for name, part in net.named_modules() if isinstance(part, Conv)]
    hooks = []
    for name, part in convs:
        def calibrate(norm: torch.nn.BatchNorm2d, inputs: tuple[Tensor], bias: Tensor = tensors[f"{name}.bias"]) -> None:
            var, mean = torch.var_mean(inputs[0].float(), (0, 2, 3), correction=0)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
            norm.weight.copy_((var + norm.eps).sqrt())
            norm.bias.copy_(bias + mean)

        part.conv.weight.copy_(tensors[f"{name}.weight"])
        hooks.append(part.norm.register_forward_pre_hook(calibrate))
    net.eval()(pictures)
    for hook in hooks:
        hook.remove()
    net.train()


@torch.no_grad()
def export(net: Judge, fitted: dict[str, float], folder: Path, pictures: np.ndarray, fixture: Path) -> None:
    """Writes float16 weights with norms and temperatures folded in, the order of the outputs, and values for
    tests"""
    tensors: dict[str, Tensor] = {}
    for name, part in net.named_modules():
        if isinstance(part, Conv):
            tensors[f"{name}.weight"], tensors[f"{name}.bias"] = part.folded()
    # The stem takes 2x2 pixels as channels, which equals a 6x6 convolution of the pixels with stride 2.
    w = tensors["stem.weight"].reshape(-1, 3, 2, 2, 3, 3).permute(0, 1, 4, 2, 5, 3)
    tensors["stem.weight"] = w.reshape(-1, 3, 6, 6)
    stands = [fitted["presence"]] + [fitted[n] for n, v in FIELDS for _ in v] + [1.0] * len(REGRESSIONS)
    for name, part, t in (("stands", net.stands, stands), ("page", net.page, [fitted[n] for n, v in PAGE for _ in v])):
        scale = 1 / torch.tensor(t)
        tensors[f"{name}.weight"] = part.weight * scale.reshape(-1, *[1] * (part.weight.ndim - 1))
        tensors[f"{name}.bias"] = part.bias * scale
    tensors["stands.bias"][0] += fitted["offset"]
    folder.mkdir(parents=True, exist_ok=True)
    stored = {k: v.detach().half().contiguous() for k, v in tensors.items()}
    save_file(stored, str(folder / "model.safetensors"))
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    stands, page = at_rest({k: v.float() for k, v in stored.items()}, x)
    fixture.parent.mkdir(parents=True, exist_ok=True)
    save_file({"pictures": torch.from_numpy(pictures), "stands": stands.contiguous(), "page": page}, str(fixture))
    config = {"format": "storybook-judge", "version": 1, "size": 128, "grid": GRID, "widths": list(WIDTHS),
              "stand": dict(FIELDS), "regressions": list(REGRESSIONS), "page": dict(PAGE)}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
