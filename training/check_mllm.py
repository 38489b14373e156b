"""Compares the forward passes of vision.py and mllm.py with transformers on random weights and pictures."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from mllm import Example, hidden_states, make_mllm, mllm_config
from prompts import chat
from vision import GRID, PADS, patches, two_frames, vision_states


@torch.no_grad()
def main() -> None:
    tok = Tokenizer.from_file(str(Path(__file__).parent / "checkpoint/storybook/processor/tokenizer.json"))
    torch.manual_seed(0)
    net = make_mllm(mllm_config(tok)).eval()
    for p in net.parameters():
        if p.ndim > 1:
            p.mul_(3)  # larger than the initial values, so that a wrong mask or position shows
    pics = [np.random.default_rng(i).integers(0, 256, (128, 128, 3), dtype=np.uint8) for i in range(3)]
    pixels, grid = patches(pics), torch.tensor([[1, GRID, GRID]])
    seen = net.model.visual(two_frames(pixels), grid_thw=grid.expand(3, 3)).pooler_output
    worst = {"picture tokens": (vision_states(net.model.visual, pixels)[0] - seen).abs().max().item()}
    image = tok.token_to_id("<|image_pad|>")
    ids = tok.encode(chat("What colour is the cat?", 1), add_special_tokens=False).ids
    row = np.array([t for i in ids for t in ([i] * PADS if i == image else [i])])
    one = pixels[: GRID * GRID]
    tokens, own = hidden_states(net, [Example(row, row, [], "")], 0, image, one, head=20)
    ref = net(input_ids=tokens, pixel_values=two_frames(one), image_grid_thw=grid, output_hidden_states=True,
              mm_token_type_ids=(tokens == image).long())
    worst["hidden states"] = (own - ref.hidden_states[-1]).abs().max().item()
    for name, error in worst.items():
        print(f"{name}: largest difference {error:.1e}")
    raise SystemExit(max(worst.values()) > 1e-4)


if __name__ == "__main__":
    main()
