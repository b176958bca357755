#!/usr/bin/env python3
"""The other direction: loads the adapters that this project wrote and compares their logits.

    python3 tests/reference/check_written.py FOLDER...

Each FOLDER holds an adapter: adapter_config.json, adapter_model.safetensors, and case.json with the name of the
fixture base, input_ids and the logits that this project computed. A missing or an unexpected key is an error, and so
is a logit that is 1e-4 away. transformers and PEFT load them where installed, else equations.py.
"""
import json
import os
import sys

import torch

import safetensors_file

try:
    import huggingface as reference
except ImportError:
    import equations as reference

BASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "bases")


def main(folders):
    for folder in folders:
        check(folder)
        print(f"{folder}: loads with every key, same logits ({reference.NAME} {reference.versions()})")


def check(folder):
    with open(os.path.join(folder, "case.json")) as file:
        case = json.load(file)
    config, weights = read_base(os.path.join(BASES, case["base"]))
    model = reference.load_adapter(reference.base(config, weights), folder)
    with torch.no_grad():
        logits = model(torch.tensor(case["input_ids"]))
    difference = (logits - torch.tensor(case["logits"])).abs().max().item()
    if not difference < 1e-4:
        raise SystemExit(f"{folder}: logits are {difference} apart")


def read_base(folder):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    weights = {}
    for file in sorted(os.listdir(folder)):
        if file.endswith(".safetensors"):
            weights.update(safetensors_file.read(os.path.join(folder, file)))
    weights.pop("lm_head.weight", None)
    return config, {name: tensor.float() for name, tensor in weights.items()}


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(sys.argv[1:])
