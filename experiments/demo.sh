#!/usr/bin/env bash
# The main job on a fresh machine, end to end, on the built-in scenes data: sets up a virtual environment, draws
# records, trains, evaluates, exports, captions five new scenes, and ends with the path of a report to look at.
# Usage: bash experiments/demo.sh [folder]       (default: runs/demo, relative to the project; run it again to go on)
set -euo pipefail
cd "$(dirname "$0")/.."
source experiments/setup_environment.sh .

folder="${1:-runs/demo}"
started=$SECONDS
say() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - started)); }

say "1/6 Drawing captioned scenes"
python -m data_prep.build_records --dataset=scenes --output="$folder/records"

say "2/6 Training a captioner on them"
python -m im2txt.train --config=experiments/scenes_demo.py --workdir="$folder/run" --config.records="$folder/records"

say "3/6 Evaluating it on scenes it has not seen, and on colour-shape pairs it has never seen together"
for split in val heldout; do
  mkdir -p "$folder/$split"
  python -m im2txt.evaluate --workdir="$folder/run" --records="$folder/records" --split=$split \
    --output="$folder/$split" | tee "$folder/$split/scores.txt"
done

say "4/6 Exporting it as a SavedModel"
python -m im2txt.export --workdir="$folder/run" --output="$folder/model"

say "5/6 Captioning five new scenes with the exported model"
python -m data_prep.save_images --records="$folder/records" --split=test --count=5 --output="$folder/photos"
python -m im2txt.caption --model="$folder/model" --attention_dir="$folder/attention" "$folder/photos"

say "6/6 Done"
for split in val heldout; do
  printf '%s: ' $split
  grep -E '^(truth|BLEU-4|CIDEr-D)' "$folder/$split/scores.txt" | awk '{printf "%s %s  ", $1, $2}'
  echo
done
echo "Where it looked, word by word: $folder/attention/"
echo "Report, for any browser:       $folder/val/report.html"
