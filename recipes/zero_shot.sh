#!/usr/bin/env bash
# Retrieval figures of a checkpoint on the three Chinese data sets, without training on them:
#
#   recipes/zero_shot.sh [CHECKPOINT [DATA]]
#
# DATA (data/) has a folder of pair shards for each set: muge/valid-*.tar, flickr30k-cn/test-*.tar and
# coco-cn/test-*.tar, captions in .txt members, one a line. A set without shards is named and left
# out, and so is one that cannot be evaluated; the script then ends with 1. Recalls go to the screen
# in percent, all figures to zero_shot/SET.json; recipes/README.md has the published ones.
set -euo pipefail
cd "$(dirname "$0")/.."
duiqi=${DUIQI:-.build/release/duiqi}
checkpoint=${1:-checkpoints/chinese_clip_vit_b16.h5}
data=${2:-data}
output=${OUTPUT:-zero_shot}
found=0
status=0

# A row of a table out of the JSON on standard input: both directions' R@1, 5, 10 and mean recall.
row() {
  tr -d '"{}' | tr ',' '\n' | awk -F: -v set="$1" '
    /recall@|mean_recall/ { cells = cells sprintf("%8.2f", 100 * $NF) }
    END { printf "%-18s%s\n", set, cells }'
}

for set in muge/valid flickr30k-cn/test coco-cn/test; do
  if ! compgen -G "$data/$set-*.tar" >/dev/null; then
    echo "$data/$set-*.tar: no such shards, left out" >&2
    continue
  fi
  mkdir -p "$output"
  file="$output/${set%/*}.json"
  if ! figures=$("$duiqi" evaluate "$checkpoint" --data "$data/$set-*.tar" --captions txt --json); then
    echo "$set could not be evaluated, left out" >&2
    status=1
    continue
  fi
  printf '%s\n' "$figures" >"$file"
  if [ "$found" = 0 ]; then
    printf '%-18s%32s%32s\n' "" "text to image" "image to text"
    printf '%-18s%8s%8s%8s%8s%8s%8s%8s%8s\n' "" R@1 R@5 R@10 mean R@1 R@5 R@10 mean
  fi
  found=1
  row "${set%/*}" <<<"$figures"
done
[ "$found" = 1 ] || { echo "No data set below $data was evaluated." >&2; exit 1; }
exit "$status"
