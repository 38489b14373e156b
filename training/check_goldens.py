"""Compares model.py with recorded values of the official code: python train.py goldens"""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model import OmniGen2Transformer, TransformerConfig, strict_load


def excess(got: Tensor, want: Tensor, tol: dict[str, float]) -> float:
    """Largest |got - want| as a share of the tolerance. A value above 1 fails."""
    want = want.float()
    return ((got.float() - want).abs() / (tol["abs"] + tol["rel"] * want.abs())).max().item()


def main() -> None:
    ap = argparse.ArgumentParser()
    ap.add_argument("--goldens", default=str(Path(__file__).parent.parent / "fixtures/goldens"))
    args = ap.parse_args()
    root = Path(args.goldens)
    cfg = TransformerConfig.from_json(json.loads((root / "model/transformer/config.json").read_text()))
    net = OmniGen2Transformer(cfg)
    strict_load(net, load_file(root / "model/transformer/diffusion_pytorch_model.safetensors"))
    net.eval()
    cases = {c["id"]: c for c in json.loads((root / "index.json").read_text())["cases"]}
    failed, compared, worst = [], 0, 0.0

    def compare(name: str, got: Tensor, want: Tensor, tol: dict[str, float]) -> None:
        nonlocal compared, worst
        share = excess(got, want, tol)
        compared += 1
        worst = max(worst, share)
        if not share <= 1:
            failed.append(f"{name}: {share:.2f} x the tolerance")

    for c in cases.values():
        if c["kind"] not in ("rope", "dit", "dit_stages"):
            continue
        d, tol, p = load_file(root / c["file"]), c["tolerance"], c["params"]
        if c["id"] == "rope_tables":
            for a in range(3):
                compare(f"rope_tables cos_{a}", getattr(net, f"cos_{a}"), d[f"cos_{a}"], tol)
                compare(f"rope_tables sin_{a}", getattr(net, f"sin_{a}"), d[f"sin_{a}"], tol)
        elif c["kind"] == "rope":
            lens = d["attention_mask"].sum(1)
            for row in range(len(lens)):
                sizes = p["ref_latent_sizes_hw"][row] + [p["latent_size_hw"]]
                pos = net.positions(lens[row : row + 1], int(lens[row]), [(h // 2, w // 2) for h, w in sizes])
                n = pos.shape[1]
                compare(f"{c['id']} position_ids {row}", pos[0], d["position_ids"][row, :n], tol)
                cos, sin = net.rope(pos)
                compare(f"{c['id']} cos {row}", cos[0, :, 0], d["joint_cos"][row, :n], tol)
                compare(f"{c['id']} sin {row}", sin[0, :, 0], d["joint_sin"][row, :n], tol)
        else:
            refs = [d[f"ref_{j}"][None] if d[f"ref_{j}"].ndim == 3 else d[f"ref_{j}"] for j in range(5) if f"ref_{j}" in d]
            text, lens = d["text_hidden_states"], d["text_attention_mask"].sum(1)
            x = d["latents"]
            t = d["timestep"].reshape(-1).expand(len(x))
            stages: dict[str, Tensor] = {}
            with torch.no_grad():
                if c["id"] == "dit_batch":
                    out = torch.cat([
                        net(x[0:1], t[0:1], text[0:1], lens[0:1], refs),
                        net(x[1:2], t[1:2], text[1:2], lens[1:2]),
                    ])
                    alone = net(x[1:2], t[1:2], text[1:2, : int(lens[1])])
                    compare("dit_batch output_row1_alone", alone, d["output_row1_alone"].view_as(alone), tol)
                else:
                    out = net(x, t, text, lens, refs, stages=stages if c["kind"] == "dit_stages" else None)
                    if c["id"] == "dit_ref_order":
                        swapped = net(x, t, text, lens, refs[::-1])
                        compare("dit_ref_order swapped", swapped, d["output_swapped"].view_as(swapped), tol)
            compare(c["id"], out, d["output"].view_as(out), tol)
            for k, v in stages.items():
                if k in d:
                    compare(f"{c['id']} {k}", v, d[k].view_as(v), tol)
    print(f"{compared} comparisons, worst {worst:.4f} of the tolerance, {len(failed)} failed")
    for line in failed:
        print("FAIL", line)
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
