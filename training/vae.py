"""Stage a: trains the VAE (diffusers AutoencoderKL in the FLUX layout).

python vae.py --data DATA --run RUN --minutes 15        (repeat to continue from the last checkpoint)
"""
from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image
from torch import Tensor

from data import Shards, find_shards, to_png, to_size
from optim import Ema, Log, Optimisers, clip, save, schedule
from speed import add_machine, choose_machine

CONFIG: dict[str, Any] = {
    "act_fn": "silu", "block_out_channels": [32, 64, 96, 96], "down_block_types": ["DownEncoderBlock2D"] * 4,
    "force_upcast": True, "in_channels": 3, "latent_channels": 16, "layers_per_block": 1,
    "mid_block_add_attention": True, "norm_num_groups": 8, "out_channels": 3, "sample_size": 128,
    "scaling_factor": 1.0, "shift_factor": 0.0, "up_block_types": ["UpDecoderBlock2D"] * 4,
    "use_post_quant_conv": False, "use_quant_conv": False,
}


def make_vae(config: dict[str, Any] | None = None) -> AutoencoderKL:
    return AutoencoderKL(**(config or CONFIG)).to(memory_format=torch.channels_last)


def load_vae(run: Path) -> tuple[AutoencoderKL, dict[str, Any]]:
    """Loads the EMA weights of a run -> (model in eval mode, config with measured shift and scale)"""
    state = torch.load(run / "vae.pt", map_location="cpu", weights_only=False)
    net = make_vae(state["config"])
    net.load_state_dict(state["ema"])
    return net.eval(), state["config"]


def crops(data: Shards, rng: np.random.Generator, n: int, size: int, half: float) -> Tensor:
    """n random crops [n, 3, size, size], randomly mirrored. A share `half` comes from pictures of half the
    size."""
    out = []
    for i in rng.integers(0, len(data), n):
        x = torch.from_numpy(data.picture(int(i)).astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
        if rng.random() < half:
            x = to_size(x, data.size // 2)
        top, left = (rng.integers(0, x.shape[d] - size + 1) for d in (2, 3))
        x = x[:, :, top : top + size, left : left + size]
        out.append(x.flip(3) if rng.random() < 0.5 else x)
    return torch.cat(out).to(memory_format=torch.channels_last)


def edges(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


def edge_loss(a: Tensor, b: Tensor) -> Tensor:
    return sum((p - q).abs().mean() for p, q in zip(edges(a), edges(b)))  # type: ignore[return-value]


@torch.no_grad()
def evaluate(net: AutoencoderKL, pics: Tensor, noise: float, spread: float) -> dict[str, float]:
    """PSNR in dB of the posterior's mode, of a sample, and of the mode with latent noise of `noise` standard
    deviations."""
    out: dict[str, float] = {}
    post = net.encode(pics).latent_dist
    for name, z in (("psnr", post.mean), ("psnr_sample", post.sample()),
                    ("psnr_noisy", post.mean + noise * spread * torch.randn_like(post.mean))):
        y = net.decode(z).sample.float().clamp(-1, 1)
        out[name] = float((-10 * (y - pics).square().mean((1, 2, 3)).div(4).log10()).mean())
    out["latent_mean"], out["latent_std"] = float(post.mean.mean()), float(post.mean.std())
    out["posterior_std"] = float(post.std.mean())
    return out


@torch.no_grad()
def measure(net: AutoencoderKL, data: Shards, device: torch.device, n: int = 256) -> tuple[float, float]:
    """(shift, scale) that give (sampled latent - shift) * scale mean 0 and variance 1, over both picture
    sizes"""
    rng = np.random.default_rng(5)
    zs = []
    for i in range(0, n, 32):
        x = data.batch(rng.integers(0, len(data), 32)).to(device, memory_format=torch.channels_last)
        zs.append(net.encode(x).latent_dist.sample().flatten())
        zs.append(net.encode(to_size(x, data.size // 2)).latent_dist.sample().flatten())
    z = torch.cat(zs)
    return float(z.mean()), float(1 / z.std())


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--data", required=True)
    ap.add_argument("--want", default="train", help="only shard folders whose path contains this text")
    ap.add_argument("--run", required=True)
    ap.add_argument("--minutes", type=float, default=15, help="length of this call; the learning rate falls at its end")
    ap.add_argument("--batch", type=int, default=16)
    ap.add_argument("--crop", type=int, default=64)
    ap.add_argument("--whole", type=float, default=0.4, help="share of steps on whole pictures instead of crops")
    ap.add_argument("--half", type=float, default=0.1)
    add_machine(ap)
    ap.add_argument("--no-compile", action="store_true")
    ap.add_argument("--cool", type=float, default=0.4, help="share of this call in which the learning rate falls to zero")
    ap.add_argument("--lr", type=float, default=2e-3)
    ap.add_argument("--adam-lr", type=float, default=2e-3)
    ap.add_argument("--kl", type=float, default=3e-4)
    ap.add_argument("--edge", type=float, default=0.5)
    ap.add_argument("--square", type=float, default=0.0, help="weight of the mean squared error, which PSNR measures")
    ap.add_argument("--noise", type=float, default=0.1, help="latent noise while decoding, in latent standard deviations")
    ap.add_argument("--shrink", type=float, default=0.1, help="share of steps that decode pooled latents to the halved picture")
    ap.add_argument("--freeze-encoder", action="store_true", help="trains the decoder only: latents, shift and scale stay")
    ap.add_argument("--fresh", action="store_true")
    args = ap.parse_args()
    machine = choose_machine(args)
    device = machine.device
    run = Path(args.run)
    data = find_shards(args.data, args.want)
    net = make_vae().to(device)
    if args.freeze_encoder:
        net.encoder.requires_grad_(False)
    opt = Optimisers(net, lambda n, p: p.ndim >= 2 and "conv_out" not in n and n != "encoder.conv_in.weight",
                     args.lr, args.adam_lr, weight_decay=0.0, bf16=machine.bf16)
    ema = Ema(net, 0.995)
    step, seen, fixed = 0, 0, None
    path = run / "vae.pt"
    if path.exists() and not args.fresh:
        state = torch.load(path, map_location="cpu", weights_only=False)
        # The averaged weights were exported and encoded the latents, so the frozen encoder must be those.
        net.load_state_dict(state["ema" if args.freeze_encoder else "model"])
        fixed = (state["config"]["shift_factor"], state["config"]["scaling_factor"]) if args.freeze_encoder else None
        ema.shadow = {k: v.float().to(device) for k, v in state["ema"].items()}
        step, seen = state["step"], state["seen"]
        if "opt" in state and state.get("frozen", False) == args.freeze_encoder:
            opt.load_state_dict(state["opt"])
    log = Log(run / "vae.jsonl")
    log.write(event="start", step=step, pictures=len(data), parameters=sum(p.numel() for p in net.parameters()), **vars(args))
    rng = np.random.default_rng(1000 + step)
    torch.manual_seed(1000 + step)
    check = find_shards(args.data, "heldout").batch(range(48)).to(device, memory_format=torch.channels_last)
    spread = 1.0
    encode, decode = net.encoder, net.decoder
    if not args.no_compile:
        encode, decode = torch.compile(encode, dynamic=False), torch.compile(decode, dynamic=False)
    first, begin, total = step, time.time(), args.minutes * 60
    sums: dict[str, float] = {}
    mark, mark_seen = time.time(), seen

    def store() -> None:
        weights = {k: v.clone() for k, v in net.state_dict().items()}
        net.load_state_dict(ema.shadow)
        net.eval()
        with machine.autocast():
            shift, scale = fixed or measure(net, data, device)
            rates = evaluate(net, check, args.noise, 1 / scale)
        log.write(event="eval", step=step, seen=seen, shift=shift, scale=scale, **rates)
        with torch.no_grad():
            y = net.decode(net.encode(check[:8]).latent_dist.mean).sample.float()
        sheet = np.concatenate([np.concatenate(list(to_png(check[:8])), 1), np.concatenate(list(to_png(y)), 1)], 0)
        Image.fromarray(sheet).save(run / "vae.png")
        net.load_state_dict(weights)
        net.train()
        config = CONFIG | {"scaling_factor": scale, "shift_factor": shift}
        save(path, {"model": weights, "ema": {k: v.clone() for k, v in ema.shadow.items()}, "opt": opt.state_dict(),
                    "frozen": args.freeze_encoder, "step": step, "seen": seen, "config": config})

    last_store = time.time()
    while True:
        now = time.time() - begin
        if now >= total:
            break
        whole = rng.random() < args.whole
        n = max(1, args.batch * args.crop**2 // data.size**2) if whole else args.batch
        x = crops(data, rng, n, data.size if whole else args.crop, 0.0 if whole else args.half).to(device)
        with machine.autocast():
            moments = encode(x).float()
        post = DiagonalGaussianDistribution(moments)
        z = post.sample()
        spread = 0.99 * spread + 0.01 * float(z.detach().std())
        level = args.noise * spread * torch.rand(len(z), 1, 1, 1, device=device)
        goal = x
        if rng.random() < args.shrink:
            z, goal = F.avg_pool2d(z, 2), F.avg_pool2d(x, 2)
        with machine.autocast():
            y = decode(z + level * torch.randn_like(z)).float()
        l1, edge = (y - goal).abs().mean(), edge_loss(y, goal)
        kl = 0.5 * (post.mean.square() + post.var - 1 - post.logvar).mean()
        loss = l1 + args.edge * edge + args.square * (y - goal).square().mean() + args.kl * kl
        loss.backward()
        clip(net.parameters(), 1.0)
        opt.step(schedule(now, total, 20.0 if first == 0 else 2.0, total * args.cool))
        step += 1
        seen += x.shape[0] * x.shape[2] ** 2 // 4096
        ema.update(net, step)
        for k, v in (("l1", l1), ("edge", edge), ("kl", kl)):
            sums[k] = sums.get(k, 0.0) + float(v)
        if step % 100 == 0:
            rate = (seen - mark_seen) / (time.time() - mark)
            log.write(step=step, seen=seen, samples_s=rate, spread=spread, **{k: v / 100 for k, v in sums.items()})
            sums, mark, mark_seen = {}, time.time(), seen
        if time.time() - last_store > 180:
            store()
            last_store = mark = time.time()
            mark_seen = seen
    store()


if __name__ == "__main__":
    main()
