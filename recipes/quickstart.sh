#!/usr/bin/env bash
# What `make quickstart` runs once duiqi is built: the two stages, figures, encoders, three queries.
set -euo pipefail
cd "$(dirname "$0")/.."
duiqi=${DUIQI:-.build/release/duiqi}
output=quickstart
# A first run that was stopped goes on; a finished one is shown again at once.
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "1. Both towers learn English names of emoji pictures (checkpoints/emoji_clip_en)"
"$duiqi" train recipes/emoji_clip_en.yaml

say "2. The image tower is locked, a fresh text tower learns Chinese (checkpoints/emoji_lit_zh)"
"$duiqi" train recipes/emoji_lit_zh.yaml

mkdir -p "$output"
checkpoint=checkpoints/emoji_lit_zh/best.h5
say "3. Retrieval on 271 validation pictures that were never seen with Chinese text"
"$duiqi" evaluate "$checkpoint" --data recipes/data/noto-emoji/validation.tar \
  | tee "$output/retrieval.txt"

say "4. Encoders for others"
"$duiqi" export "$checkpoint" --profile onnx --output "$output/onnx"

say "5. Three Chinese queries over all pictures"
"$duiqi" index "$checkpoint" --shards recipes/data/noto-emoji/*.tar --output "$output/index"
"$duiqi" search "$output/index" --text 笑脸 --text 水果 --text 花 --top 8 \
  --sheet "$output/answers.png" | tee "$output/answers.txt"

say "Done. What there is now:"
cat <<TEXT
  $checkpoint       the tuned encoders, one self-contained HDF5 file
  $output/retrieval.txt              recall in both directions
  $output/onnx/                      text and image encoder for ONNX runtimes
  $output/answers.png                the pictures found for 笑脸, 水果, 花, a row each
  logs/emoji_lit_zh/                 metrics.jsonl, TensorBoard curves, run.log
TEXT
