"""Exports a checkpoint with torch.onnx, to compare with this project (`npm run -s bench -- --only export`).

    python export_onnx.py --official DIR --model DIR --out DIR [--prompt TEXT] [--size N]

--official takes a checkout of VectorSpaceLab/OmniGen2, which requires transformers 4.51.3, diffusers 0.33.1,
einops, torch and onnxscript. Writes the text encoder, the transformer (once for each guidance branch, because
its positions depend on the number of text tokens) and the VAE decoder in float32, as `torch.onnx.export`
writes them by default, and `export.json` with the token ids. Drawings from words only.

torch.onnx cannot export two things of the official transformer: it counts tokens with `Tensor.tolist()`, and it
rotates complex numbers. So the rotary embeddings are computed before, for the given sizes, the graphs have
fixed shapes, and the rotation is written with real numbers, as in diffusers. Files that exist are kept.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

from bench_official import PROMPT, hide_gpu_kernels

SYSTEM = "You are a helpful assistant that generates high-quality images based on user instructions."


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--official", type=Path, required=True, help="checkout of the official repository")
    parser.add_argument("--model", type=Path, required=True, help="checkpoint folder in the official layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--size", type=int, default=128, help="width and height in pixels")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    hide_gpu_kernels()
    sys.path.insert(0, str(options.official))
    warnings.filterwarnings("ignore")
    import torch
    from diffusers import AutoencoderKL
    from omnigen2.models import attention_processor
    from omnigen2.models.transformers.repo import OmniGen2RotaryPosEmbed
    from omnigen2.models.transformers.transformer_omnigen2 import OmniGen2Transformer2DModel
    from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration

    torch.set_grad_enabled(False)
    options.out.mkdir(parents=True, exist_ok=True)

    def load(kind, part):
        return kind.from_pretrained(options.model / part, torch_dtype=torch.float32).eval()

    class TextEncoder(torch.nn.Module):
        def __init__(self, mllm):
            super().__init__()
            self.mllm = mllm

        def forward(self, input_ids, attention_mask):
            out = self.mllm(input_ids, attention_mask=attention_mask, output_hidden_states=True, use_cache=False)
            return out.hidden_states[-1]

    class FixedRope(torch.nn.Module):
        """The rotary embeddings of one prompt length and picture size."""

        def __init__(self, rope, *arguments):
            super().__init__()
            context, reference, noise, joint, self.context_lengths, self.lengths = rope(*arguments)
            tables = {"context": context, "reference": reference, "noise": noise, "joint": joint}
            for name, table in tables.items():
                pairs = [part.float().repeat_interleave(2, -1) for part in (table.real, table.imag)]
                self.register_buffer(name, torch.cat(pairs, -1))

        def forward(self, *_):
            return self.context, self.reference, self.noise, self.joint, self.context_lengths, self.lengths

    def rotate(x, table, use_real=False):
        """`apply_rotary_emb` of diffusers with `use_real`, for `x` of shape [B, S, heads, D]."""
        cos, sin = table.unsqueeze(2).chunk(2, -1)
        real, imaginary = x.reshape(*x.shape[:-1], x.shape[-1] // 2, 2).unbind(-1)
        rotated = torch.stack([-imaginary, real], -1).flatten(3)
        return x * cos + rotated * sin

    class Transformer(torch.nn.Module):
        def __init__(self, transformer, rope, length):
            super().__init__()
            self.transformer = transformer
            self.transformer.rope_embedder = rope
            self.register_buffer("mask", torch.ones(1, length, dtype=torch.bool))

        def forward(self, latents, timestep, text):
            return self.transformer(latents, timestep, text, None, self.mask)

    class Decoder(torch.nn.Module):
        def __init__(self, vae):
            super().__init__()
            self.vae = vae

        def forward(self, latents):
            config = self.vae.config
            return self.vae.decode(latents / config.scaling_factor + config.shift_factor).sample

    def export(name, module, inputs, names, output):
        file = options.out / f"{name}.onnx"
        if file.exists():
            return
        torch.onnx.export(
            module.eval(),
            inputs,
            file,
            input_names=names,
            output_names=[output],
            external_data=False,
        )

    mllm = load(Qwen2_5_VLForConditionalGeneration, "mllm")
    transformer = load(OmniGen2Transformer2DModel, "transformer")
    # Without references it would run on tensors of length 0.
    transformer.ref_image_refiner = torch.nn.ModuleList()
    vae = load(AutoencoderKL, "vae")
    tokenizer = AutoTokenizer.from_pretrained(options.model / "processor")
    side = options.size // 8
    rope = transformer.rope_embedder
    config = transformer.config
    freqs = OmniGen2RotaryPosEmbed.get_freqs_cis(config.axes_dim_rope, config.axes_lens, theta=10000)
    official_rotate = attention_processor.apply_rotary_emb
    tokens = {}
    for branch, prompt in [("cond", options.prompt), ("uncond", "")]:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": prompt}]
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=False)
        ids = tokenizer(text, return_tensors="pt")
        length = ids.input_ids.shape[1]
        tokens[branch] = ids.input_ids[0].tolist()
        mask = torch.ones(1, length, dtype=torch.bool)
        tokens_of_picture = (side // 2) ** 2
        sizes = [[0]], [tokens_of_picture], [None], [(side, side)]
        fixed = FixedRope(rope, freqs, mask, *sizes, "cpu")
        latents = torch.randn(1, vae.config.latent_channels, side, side)
        inputs = (latents, torch.tensor([0.5]), torch.randn(1, length, config.text_feat_dim))
        transformer.rope_embedder, attention_processor.apply_rotary_emb = rope, official_rotate
        want = transformer(*inputs, freqs, mask)
        attention_processor.apply_rotary_emb = rotate
        module = Transformer(transformer, fixed, length)
        torch.testing.assert_close(module(*inputs), want, atol=1e-4, rtol=1e-4)
        names = ["latents", "timestep", "text"]
        export(f"transformer_{branch}", module, inputs, names, "velocity")
        inputs = (ids.input_ids, ids.attention_mask)
        export(f"text_encoder_{branch}", TextEncoder(mllm), inputs, ["input_ids", "attention_mask"], "states")
    export("vae_decoder", Decoder(vae), (latents,), ["latents"], "pixels")
    about = {"torch": torch.__version__, "prompt": options.prompt, "size": options.size, "tokens": tokens}
    (options.out / "export.json").write_text(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
