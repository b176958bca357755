"""What the fixtures are made of: toy configurations, the adapters on them, and their inputs. All seeded."""
import torch

EOS = 95
LABELS = {"0": "World", "1": "Sports", "2": "Business", "3": "Sci/Tech"}

_TOY = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 96, "hidden_size": 32,
    "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "hidden_act": "silu", "rms_norm_eps": 1e-5, "max_position_embeddings": 512, "rope_theta": 10000.0,
    "rope_scaling": None, "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False,
    "attention_dropout": 0.0, "initializer_range": 0.02, "pretraining_tp": 1, "use_cache": True,
    "bos_token_id": 94, "eos_token_id": EOS,
}

# name: (what differs from the toy, dtype of the file, number of shards)
BASES = {
    # Llama 3.2's own settings; the original context is short so that 60 tokens feel all four parameters.
    "llama3_rope_tied": ({
        "tie_word_embeddings": True, "head_dim": 8, "rope_theta": 500000.0, "eos_token_id": [93, 92, EOS],
        "rope_scaling": {
            "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 400}}, torch.bfloat16, 1),
    "untied_unscaled": ({}, torch.float32, 1),
    # As transformers 5 writes it, with theta inside rope_parameters.
    "explicit_head_dim": ({
        "head_dim": 12, "rope_theta": None, "rope_parameters": {"rope_type": "default", "rope_theta": 50000.0}},
        torch.float16, 1),
    "attention_bias": ({"attention_bias": True, "num_key_value_heads": 1}, torch.bfloat16, 3),
}

# name: (base, LoRA settings as PEFT's LoraConfig takes them)
ADAPTERS = {
    "all_linear": ("llama3_rope_tied", {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}),
    "all_linear_rslora": (
        "untied_unscaled", {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", "use_rslora": True}),
    "queries_and_values": (
        "explicit_head_dim", {"r": 2, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]}),
    "list_without_attention_output": (
        "untied_unscaled", {"r": 3, "lora_alpha": 3, "modules_to_save": ["score"],
                            "target_modules": ["q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "down_proj"]}),
    "bias_all": (
        "attention_bias", {"r": 2, "lora_alpha": 4, "target_modules": ["q_proj", "k_proj"], "bias": "all"}),
    "bias_lora_only": (
        "attention_bias", {"r": 2, "lora_alpha": 4, "target_modules": "all-linear", "bias": "lora_only"}),
    "bias_all_without_biases": (
        "untied_unscaled", {"r": 2, "lora_alpha": 4, "target_modules": "all-linear", "bias": "all"}),
}

TRAINING = {"base": "llama3_rope_tied", "lora": {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"},
            "learning_rate": 1e-2, "steps": 20, "distinct_steps": 2, "max_grad_norm": 1.0, "micro_batches_per_step": 2}


def config(name):
    merged = {**_TOY, **BASES[name][0], "pad_token_id": EOS, "id2label": LABELS,
              "label2id": {label: int(index) for index, label in LABELS.items()}}
    if "rope_parameters" in merged:
        del merged["rope_theta"], merged["rope_scaling"]
    return merged


def weights(model, dtype, seed):
    """Weights wide enough that attention is sharp and logits are of order 1, rounded to the dtype of the file."""
    generator = torch.Generator().manual_seed(seed)
    filled = {}
    for name, parameter in sorted(model.state_dict().items()):
        if name.endswith("norm.weight"):
            value = 1 + 0.2 * torch.randn(parameter.shape, generator=generator)
        elif name.endswith("bias"):
            value = 0.5 * torch.randn(parameter.shape, generator=generator)
        elif "embed_tokens" in name:
            value = torch.randn(parameter.shape, generator=generator)
        else:
            value = torch.randn(parameter.shape, generator=generator) * 1.6 / parameter.shape[-1] ** 0.5
        filled[name] = value.to(dtype).float()
    return filled


def batch(seed, lengths):
    """Rows of unequal length, padded at the right with eos; the second row holds an eos inside as well."""
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.randint(0, 92, (length,), generator=generator) for length in lengths]
    if len(rows[1]) > 4:
        rows[1][2] = EOS
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=EOS)
