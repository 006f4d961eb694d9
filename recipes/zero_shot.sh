#!/usr/bin/env bash
# Retrieval figures of a checkpoint on the three Chinese data sets, without training on them:
#
#   recipes/zero_shot.sh [CHECKPOINT [DATA]]
#
# DATA (data/) has a folder of pair shards for each set: muge/valid-*.tar, flickr30k-cn/test-*.tar and
# coco-cn/test-*.tar, captions in .txt members, one a line. A set without shards is named and left
# out. Figures go to the screen and to zero_shot/SET.json; recipes/README.md has the published ones.
set -euo pipefail
cd "$(dirname "$0")/.."
duiqi=${DUIQI:-.build/release/duiqi}
checkpoint=${1:-checkpoints/chinese_clip_vit_b16.h5}
data=${2:-data}
output=${OUTPUT:-zero_shot}
found=0

for set in muge/valid flickr30k-cn/test coco-cn/test; do
  if ! compgen -G "$data/$set-*.tar" >/dev/null; then
    echo "$data/$set-*.tar: no such shards, left out" >&2
    continue
  fi
  found=1
  mkdir -p "$output"
  printf '\n%s\n' "$set"
  "$duiqi" evaluate "$checkpoint" --data "$data/$set-*.tar" --captions txt --json \
    | tee "$output/${set%/*}.json"
done
[ "$found" = 1 ] || { echo "No data set is below $data; nothing was evaluated." >&2; exit 1; }
