#!/usr/bin/env bash
# Rebuilds the starter base model and its adapter from plain text and labelled articles that you provide, and evaluates them.
#   shared/Starter/build.sh DATA OUTPUT
# DATA contains ag_news/train.csv, train_more.csv and test.csv (text,label) and news/news.txt.gz (one document per line).
set -euo pipefail
data="$(realpath "$1")" output="$(realpath -m "$2")"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

dotnet build trainer -c Release -v quiet
trainer() { artifacts/bin/Trainer/release/trainer "$@"; }
train="$data/ag_news/train.csv" more="$data/ag_news/train_more.csv" news="$data/news/news.txt.gz" test="$data/ag_news/test.csv"

# Lists the texts that share eight words in a row with a test article; --exclude leaves them out below.
trainer overlap --test "$test" --text "$train" "$more" "$news" || true

# The text of the labelled articles is used several times, since it is closest to the articles to classify; no label is read.
# Two layers learn most of it in half the time of four; then the other two are added on top.
text=("$train" "$train" "$train" "$train" "$more" "$more" "$news")
trainer pretrain --output "$output/two-layers" --exclude "$test" --text "${text[@]}"
trainer pretrain --output "$output/base" --exclude "$test" --text "${text[@]}" --base "$output/two-layers" --num-hidden-layers 4 \
  --seed 43 --learning-rate 0.001 --total-tokens 12582912 --decay-ratio 0.8
cp shared/Starter/base/training.json "$output/base/"

# A linear probe: how well the base model alone separates the topics.
mkdir -p "$output/articles"
cp "$train" "$more" "$output/articles/"
trainer train --data "$output/articles" --exclude "$test" --base "$output/base" --output "$output/probe" \
  --lora-target-modules none --learning-rate 0.01 --token-dropout 0
trainer train --data "$output/articles" --exclude "$test" --base "$output/base" --output "$output/adapters/news"

trainer evaluate --data "$test" --base "$output/base" --adapter "$output/probe"
trainer evaluate --data "$test" --base "$output/base" --adapter "$output/adapters/news"
