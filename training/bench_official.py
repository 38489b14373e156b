"""Measures the time of the official PyTorch pipeline on a checkpoint folder, to compare with this project.

    python bench_official.py --official DIR --model DIR [--image FILE] [--steps N] [--runs N] [--threads N]

--official takes a checkout of VectorSpaceLab/OmniGen2, which requires transformers 4.51.3, diffusers 0.33.1,
einops and torch. It computes in float32 on the CPU. Without --image it draws from text with text guidance;
with --image it edits that picture with image guidance too. Prints one JSON object.
"""

import argparse
import importlib.util
import json
import os
import statistics
import sys
import time
import warnings
from pathlib import Path

PROMPT = "A red fox in the snow"
EDIT_PROMPT = "Make the background blue"


def hide_gpu_kernels() -> None:
    """Hides Triton and flash-attn, which the official code uses if they are installed. Neither runs on the
    CPU."""
    find_spec = importlib.util.find_spec
    hidden = {"triton", "flash_attn"}
    importlib.util.find_spec = lambda name, package=None: None if name in hidden else find_spec(name, package)


def open_pipeline(official: Path, model: Path):
    """Opens the official pipeline with every component in float32."""
    hide_gpu_kernels()
    sys.path.insert(0, str(official))
    warnings.filterwarnings("ignore")
    import torch
    from diffusers import AutoencoderKL
    from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor

    from omnigen2.models.transformers.transformer_omnigen2 import OmniGen2Transformer2DModel
    from omnigen2.pipelines.omnigen2.pipeline_omnigen2 import OmniGen2Pipeline
    from omnigen2.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler

    def load(kind, part):
        return kind.from_pretrained(model / part, torch_dtype=torch.float32).eval()

    pipeline = OmniGen2Pipeline(
        transformer=load(OmniGen2Transformer2DModel, "transformer"),
        vae=load(AutoencoderKL, "vae"),
        scheduler=FlowMatchEulerDiscreteScheduler.from_pretrained(model / "scheduler"),
        mllm=load(Qwen2_5_VLForConditionalGeneration, "mllm"),
        processor=Qwen2_5_VLProcessor.from_pretrained(model / "processor"),
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def picture_drawer(pipeline, options):
    """-> a function that draws one picture with a given seed"""
    import torch
    from PIL import Image, ImageOps

    images = None
    if options.image:
        # The same order as in the official inference.py.
        images = [ImageOps.exif_transpose(Image.open(options.image).convert("RGB"))]

    def draw(seed: int):
        torch.manual_seed(seed)
        return pipeline(
            prompt=options.prompt or (EDIT_PROMPT if images else PROMPT),
            negative_prompt="",
            input_images=images,
            width=options.size,
            height=options.size,
            num_inference_steps=options.steps,
            text_guidance_scale=options.text_guidance,
            image_guidance_scale=options.image_guidance,
            generator=torch.Generator().manual_seed(seed),
            max_sequence_length=1024,
            output_type="pil",
        ).images[0]

    return draw


def timed(draw, seed: int) -> tuple[float, float]:
    """Wall time and CPU time of one picture, in seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    draw(seed)
    return time.perf_counter() - wall, time.process_time() - processor


def parse_options(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--official", type=Path, required=True, help="checkout of the official repository")
    parser.add_argument("--model", type=Path, required=True, help="checkpoint folder in the official layout")
    parser.add_argument("--image", type=Path, help="picture to edit")
    parser.add_argument("--prompt")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--size", type=int, default=128, help="width and height in pixels")
    parser.add_argument("--text-guidance", type=float, default=4.0)
    parser.add_argument("--image-guidance", type=float, default=2.0)
    parser.add_argument("--runs", type=int, default=5, help="pictures after a warm-up picture")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args(arguments)


def main() -> None:
    options = parse_options()
    import torch

    torch.set_num_threads(options.threads)
    draw = picture_drawer(open_pipeline(options.official, options.model), options)
    size = draw(0).size
    walls, processors = zip(*(timed(draw, seed) for seed in range(1, options.runs + 1)))
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "threads": options.threads,
                "steps": options.steps,
                "references": 1 if options.image else 0,
                "size": size,
                "seconds": round(statistics.median(walls), 4),
                "processor_seconds": round(statistics.median(processors), 4),
                "runs": [round(wall, 4) for wall in walls],
            }
        )
    )


if __name__ == "__main__":
    main()
