#!/usr/bin/env bash
# Measures OmniGen2 on a Linux machine with an NVIDIA GPU and Vulkan, in at most eight minutes, and writes one
# table.
#
#   scripts/gpu-bench.sh [--dir DIR] [--out FILE] [--small] [--software] [--dry-run]
#
#   --dir DIR    where the checkpoint is made; needs 25 GB (default: .cache/gpu-bench)
#   --out FILE   the table (default: .cache/gpu-bench.md)
#   --small      draws with the built-in model, without making the checkpoint of the released size
#   --software   uses the software adapter, to try the script on a machine without a GPU. Its attention is wrong
#                under Node, so the goldens fail there
#   --dry-run    prints the commands and runs none
set -euo pipefail
cd "$(dirname "$0")/.."

dir=.cache/gpu-bench
out=.cache/gpu-bench.md
small=0
software=0
dry=0
while [ $# -gt 0 ]; do
  case "$1" in
    --dir) dir=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --small) small=1; shift ;;
    --software) software=1; shift ;;
    --dry-run) dry=1; shift ;;
    *) echo "Unknown option $1. The head of $0 lists the options." >&2; exit 2 ;;
  esac
done

# The budget of all steps together.
limit_s=480
started=$(date +%s)
left() { echo $((limit_s - ($(date +%s) - started))); }

gpu_flag=--gpu
if [ "$software" = 1 ]; then
  gpu_flag=
  # The software Vulkan of Chromium serves Node too.
  chromium=${CHROMIUM_VULKAN:-/usr/lib/chromium}
  vulkan=(env "VK_ICD_FILENAMES=$chromium/vk_swiftshader_icd.json" "LD_LIBRARY_PATH=$chromium")
else
  vulkan=()
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
rows=()

# step NAME MOST_SECONDS COMMAND...: runs a command and adds a row to the table. A failure ends that step only.
step() {
  local name=$1 most=$2
  shift 2
  if [ "$dry" = 1 ]; then
    echo "[$name, at most $most s] $*"
    return 0
  fi
  local seconds
  seconds=$(left)
  if [ "$seconds" -lt 10 ]; then
    rows+=("| $name | left out | no time was left |")
    return 0
  fi
  [ "$seconds" -gt "$most" ] && seconds=$most
  echo "== $name"
  local from state=ok
  from=$(date +%s)
  timeout "$seconds" "$@" > "$log" 2>&1 || state="failed, code $?"
  cat "$log"
  rows+=("| $name | $state, $(($(date +%s) - from)) s | $(tail -n 1 "$log" | tr '|' '/' | cut -c 1-160) |")
  cat "$log" >> "$out.log"
}

if [ "$dry" = 0 ]; then
  mkdir -p "$dir" "$(dirname "$out")"
  : > "$out.log"
  if [ "$software" = 0 ]; then
    command -v nvidia-smi > /dev/null || { echo 'nvidia-smi is missing: install the NVIDIA driver.' >&2; exit 1; }
  fi
fi

step 'packages and Chromium' 240 node scripts/ensure-installed.mjs --browser
step 'goldens on WebGPU under Node' 90 "${vulkan[@]}" npm run -s verify -- --goldens fixtures/goldens --backend node-gpu \
  --cases mllm_text,dit_2ref_t0,vae_square_encode
step 'device, in Chromium' 150 npm run -s bench -- --only device ${gpu_flag:+"$gpu_flag"}
if [ "$small" = 1 ]; then
  step 'a picture of the built-in model' 120 "${vulkan[@]}" npm run -s gpu:picture -- --model storybook --steps 2 \
    --out "$dir/picture.png"
else
  step 'random checkpoint of the released size' 150 npm run -s official-size -- --dir "$dir" --only make
  step 'its conversion to 4 bits' 150 npm run -s official-size -- --dir "$dir" --only convert
  step 'a whole picture, 512 x 512' 200 "${vulkan[@]}" npm run -s gpu:picture -- --model "$dir/q4" --size 512x512 \
    --out "$dir/picture.png"
fi

[ "$dry" = 1 ] && exit 0

{
  echo '# OmniGen2 on a graphics processor'
  echo
  echo "$(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD 2> /dev/null || echo unknown), $(uname -sr), $(nproc) cores"
  echo
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader | sed 's/^/GPU: /'
    echo
  fi
  echo '| step | result | last line |'
  echo '| --- | --- | --- |'
  printf '%s\n' "${rows[@]}"
  echo
  # The tables of the device.
  sed -n '/^## /,$p' "$out.log" | grep -E '^(##|\|)|^$' || true
} > "$out"
echo "Wrote $out after $(($(date +%s) - started)) s."
