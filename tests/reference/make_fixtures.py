#!/usr/bin/env python3
"""Writes the golden fixtures: toy weights, inputs, logits, step losses and adapters.

Run it on a machine with torch; where transformers and PEFT are installed too, they make the fixtures (and
equations.py is held against them), otherwise equations.py does. Each case.json says which, with the versions.

    python3 tests/reference/make_fixtures.py [--output tests/reference/fixtures]
"""
import argparse
import copy
import json
import os
import shutil

import torch

import cases
import equations
import safetensors_file
from recipe import train

try:
    import huggingface as reference
except ImportError:
    reference = equations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures"))
    output = parser.parse_args().output
    torch.set_num_threads(1)
    shutil.rmtree(output, ignore_errors=True)
    weights = {name: write_base(os.path.join(output, "bases", name), name, seed)
               for seed, name in enumerate(cases.BASES)}
    for seed, name in enumerate(cases.ADAPTERS):
        write_adapter(os.path.join(output, "adapters", name), name, weights, seed)
    write_training(os.path.join(output, "training"), weights)
    print(f"written to {output} by {reference.NAME}")


def write_base(folder, name, seed):
    """A folder of transformers' LlamaForSequenceClassification and the logits it gives."""
    config, (_, dtype, shards) = cases.config(name), cases.BASES[name]
    weights = cases.weights(equations.Classifier(config), dtype, seed)
    ids = cases.batch(seed, [60, 33, 1, 17, 48, 5])
    logits = agreed_logits(lambda made_by: made_by.base(config, weights), ids, name)
    if (config.get("rope_scaling") or {}).get("rope_type") == "llama3":
        check_that_each_rope_parameter_matters(config, weights, ids, logits)

    os.makedirs(folder)
    write_json(os.path.join(folder, "config.json"), {
        **config, "architectures": ["LlamaForSequenceClassification"], "torch_dtype": str(dtype).split(".")[1]})
    tensors = {key: value.to(dtype) for key, value in weights.items()}
    if not config["tie_word_embeddings"]:  # as in a causal folder: a tensor that a classifier has no use for
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"][:2].clone()
    write_shards(folder, tensors, shards)
    write_case(folder, {"input_ids": ids.tolist(), "pad_token_id": cases.EOS, "logits": logits.tolist()})
    return weights


def write_shards(folder, tensors, shards):
    if shards == 1:
        safetensors_file.write(os.path.join(folder, "model.safetensors"), tensors)
        return
    weight_map = {}
    for shard in range(shards):
        file = f"model-{shard + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in sorted(tensors)[shard::shards]}
        safetensors_file.write(os.path.join(folder, file), part)
        weight_map.update(dict.fromkeys(part, file))
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weight_map.items()))}
    write_json(os.path.join(folder, "model.safetensors.index.json"), index)


def write_adapter(folder, name, weights, seed):
    """An adapter with filled B matrices, biases and head, saved by the reference, and the logits with it."""
    base_name, settings = cases.ADAPTERS[name]
    config, ids = cases.config(base_name), cases.batch(100 + seed, [9, 41, 26])
    model = reference.with_lora(reference.base(config, weights[base_name]), dict(settings)).eval()
    fill(model, 200 + seed)
    reference.save_adapter(model, folder)

    def loaded(made_by):
        return made_by.load_adapter(made_by.base(config, copy.deepcopy(weights[base_name])), folder)

    logits = agreed_logits(loaded, ids, name)
    assert spread(logits - reference.base(config, weights[base_name])(ids)) > 0.1, f"{name}: the adapter does nothing"
    write_case(folder, {"base": base_name, "input_ids": ids.tolist(), "logits": logits.tolist()})


def fill(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters(), key=lambda pair: pair[0]):
            if parameter.requires_grad:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))


def write_training(folder, weights):
    """Twenty optimizer steps of the recipe: initial adapter, batches, every loss, final adapter."""
    settings = cases.TRAINING
    config = cases.config(settings["base"])
    torch.manual_seed(42)
    model = reference.with_lora(reference.base(config, weights[settings["base"]]), dict(settings["lora"]))
    with torch.no_grad():  # a fresh head, as transformers makes one for a causal base
        for name, parameter in model.named_parameters():
            if "score" in name:
                parameter.copy_(torch.randn(parameter.shape) * config["initializer_range"])
    reference.save_adapter(model, os.path.join(folder, "initial"))
    generator = torch.Generator().manual_seed(7)
    steps = [[{"input_ids": cases.batch(1000 + 10 * step + part, lengths),
               "labels": torch.randint(0, len(cases.LABELS), (len(lengths),), generator=generator)}
              for part, lengths in enumerate(([12, 30, 7], [22, 9]))]
             for step in range(settings["distinct_steps"])]
    steps = (steps * settings["steps"])[: settings["steps"]]
    wide = copy.deepcopy(model).double()
    losses, norms = train(model, steps, settings)
    reference.save_adapter(model, os.path.join(folder, "final"))
    assert min(norms) < settings["max_grad_norm"] < max(norms), "clipping must bite in some steps and not in others"
    check_that_rounding_does_not_decide(model, wide, losses, steps, settings)
    if reference is not equations:
        again = equations.load_adapter(
            equations.base(config, weights[settings["base"]]), os.path.join(folder, "initial"))
        agree(torch.tensor(train(again, steps, settings)[0]), torch.tensor(losses), 2e-5, "training")
    write_case(folder, {
        **settings, "weight_decay": 0.0, "adam": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        "batches": [[{key: value.tolist() for key, value in part.items()} for part in step] for step in steps],
        "losses": losses, "gradient_norms": norms})


def check_that_rounding_does_not_decide(model, wide, losses, steps, settings):
    """The same steps in float64 end within a fifth of the tolerance, so a disagreement is never mere rounding."""
    agree(torch.tensor(train(wide, steps, settings)[0]), torch.tensor(losses), 2e-5, "losses in float64")
    for (name, narrow), (_, exact) in zip(model.named_parameters(), wide.named_parameters()):
        agree(narrow, exact.float(), 2e-5, f"{name} in float64")


def check_that_each_rope_parameter_matters(config, weights, ids, logits):
    for name, other in [("factor", 8.0), ("low_freq_factor", 2.0), ("high_freq_factor", 2.5),
                        ("original_max_position_embeddings", 800)]:
        changed = {**config, "rope_scaling": {**config["rope_scaling"], name: other}}
        moved = spread(reference.base(changed, weights)(ids) - logits)
        assert moved > 1e-2, f"{name} moves the logits by {moved} only"


def agreed_logits(build, ids, what):
    with torch.no_grad():
        logits = build(reference)(ids)
        if reference is not equations:
            agree(build(equations)(ids), logits, 2e-5, what)
    assert 0.3 < spread(logits) < 30 and torch.isfinite(logits).all(), f"{what}: logits are not of order 1"
    return logits


def agree(left, right, tolerance, what):
    difference = (left.detach().double() - right.detach().double()).abs().max().item()
    assert difference < tolerance, f"{what}: {difference} apart"


def spread(tensor):
    return tensor.detach().abs().max().item()


def write_case(folder, content):
    """One line a key: long lists of numbers stay readable in a diff."""
    content = {"made_by": {"name": reference.NAME, "versions": reference.versions()}, **content}
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    with open(os.path.join(folder, "case.json"), "w") as file:
        file.write("{\n" + lines + "\n}\n")


def write_json(path, content):
    with open(path, "w") as file:
        file.write(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
