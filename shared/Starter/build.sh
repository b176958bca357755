#!/usr/bin/env bash
# Rebuilds the starter base and its adapter from plain text and labelled articles that you have.
#   shared/Starter/build.sh DATA OUTPUT
# DATA holds ag_news/train.csv, ag_news/train_more.csv (text,label) and news/news.txt.gz (a document a line).
set -euo pipefail
data="$(realpath "$1")" output="$2"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

trainer() { dotnet run --project trainer -c Release -- "$@"; }

# The text of the labelled articles counts as text too, twice where it is whole; no label is read.
trainer pretrain --output "$output/base" --total-tokens 4300800 --text \
  "$data/ag_news/train.csv" "$data/ag_news/train.csv" "$data/ag_news/train_more.csv" "$data/news/news.txt.gz"
cp shared/Starter/base/training.json "$output/base/"

articles="$output/articles.csv"
{ cat "$data/ag_news/train.csv"; tail -n +2 "$data/ag_news/train_more.csv"; } >"$articles"
trainer train --data "$articles" --base "$output/base" --output "$output/adapters/news"
