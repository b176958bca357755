"""Llama with a classification head, LoRA and the recipe's optimizer step, written from the published equations.

It needs torch and nothing else, shares no line with transformers, PEFT or this project's C# code, and plays the
reference where transformers and PEFT cannot be installed. Sources: the Llama 2 and 3 papers, "RoFormer" (rotary
positions), "LoRA" (Hu et al. 2021), "A Rank Stabilization Scaling Factor" (rsLoRA, Kalajdzievski 2023).
"""
import json
import math
import os
import platform

import torch
from torch import nn

import safetensors_file

NAME = "equations"

ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def versions():
    return {"python": platform.python_version(), "torch": torch.__version__}


def inverse_frequencies(config):
    """One angle per position and pair of dimensions; 'llama3' slows down the long waves, keeps the short ones."""
    head_dim = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    theta = rope.get("rope_theta", config.get("rope_theta", 10000.0))
    frequencies = [theta ** (-2 * i / head_dim) for i in range(head_dim // 2)]
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return torch.tensor(frequencies)
    assert kind == "llama3", kind
    factor, low, high = rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"]
    context = rope["original_max_position_embeddings"]

    def scaled(frequency):
        waves = context * frequency / (2 * math.pi)  # how often this dimension turns within the original context
        smooth = min(1.0, max(0.0, (waves - low) / (high - low)))
        return frequency * (smooth + (1 - smooth) / factor)

    return torch.tensor([scaled(f) for f in frequencies])


class RmsNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        return self.weight * (wide / torch.sqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, self.heads = config["hidden_size"], config["num_attention_heads"]
        self.groups = config.get("num_key_value_heads") or self.heads
        self.head_dim = config.get("head_dim") or hidden // self.heads
        bias = config.get("attention_bias", False)
        self.q_proj = nn.Linear(hidden, self.heads * self.head_dim, bias)
        self.k_proj = nn.Linear(hidden, self.groups * self.head_dim, bias)
        self.v_proj = nn.Linear(hidden, self.groups * self.head_dim, bias)
        self.o_proj = nn.Linear(self.heads * self.head_dim, hidden, bias)

    def forward(self, x, rotation):
        tokens = x.shape[0]
        q = self.q_proj(x).view(tokens, self.heads, self.head_dim)
        k = self.k_proj(x).view(tokens, self.groups, self.head_dim)
        v = self.v_proj(x).view(tokens, self.groups, self.head_dim)
        q, k = rotate(q, rotation), rotate(k, rotation)
        after = torch.full((tokens, tokens), float("-inf"), dtype=x.dtype).triu(1)
        heads = []
        for head in range(self.heads):
            group = head * self.groups // self.heads
            scores = q[:, head] @ k[:, group].T / math.sqrt(self.head_dim) + after
            heads.append(torch.softmax(scores, -1) @ v[:, group])
        return self.o_proj(torch.cat(heads, -1))


def rotate(x, rotation):
    """Dimension i and i + half are one complex number; each position turns it by its own angle."""
    half = x.shape[-1] // 2
    turned = torch.complex(x[..., :half].contiguous(), x[..., half:].contiguous()) * rotation[:, None]
    return torch.cat([turned.real, turned.imag], -1)


class Mlp(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner, bias = config["hidden_size"], config["intermediate_size"], config.get("mlp_bias", False)
        self.gate_proj = nn.Linear(hidden, inner, bias)
        self.up_proj = nn.Linear(hidden, inner, bias)
        self.down_proj = nn.Linear(inner, hidden, bias)

    def forward(self, x):
        gate = self.gate_proj(x)
        return self.down_proj(gate * torch.sigmoid(gate) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])
        self.mlp = Mlp(config)

    def forward(self, x, rotation):
        x = x + self.self_attn(self.input_layernorm(x), rotation)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        self.layers = nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))
        self.norm = RmsNorm(config["hidden_size"], config["rms_norm_eps"])


class Classifier(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config, self.pad = config, config["pad_token_id"]
        self.model = Llama(config)
        self.score = nn.Linear(config["hidden_size"], len(config["id2label"]), bias=False)

    def forward(self, input_ids):
        """input_ids: [rows, tokens], padded at the right. Each row is computed alone, without its padding."""
        return torch.stack([self.classify(row[: last_token(row, self.pad) + 1]) for row in input_ids])

    def classify(self, ids):
        x = self.model.embed_tokens.weight[ids]
        angles = torch.arange(len(ids))[:, None] * inverse_frequencies(self.config).to(x.dtype)
        rotation = torch.polar(torch.ones_like(angles), angles)
        for layer in self.model.layers:
            x = layer(x, rotation)
        return self.score(self.model.norm(x)[-1])


def last_token(row, pad):
    return int((row != pad).nonzero()[-1])


def base(config, weights):
    model = Classifier(config)
    model.load_state_dict(weights)
    return model.eval()


# LoRA


class LoraLinear(nn.Module):
    def __init__(self, base_layer, rank, scaling):
        super().__init__()
        self.base_layer, self.scaling = base_layer, scaling
        out_features, in_features = base_layer.weight.shape
        self.lora_A, self.lora_B = nn.Linear(in_features, rank, False), nn.Linear(rank, out_features, False)
        nn.init.uniform_(self.lora_A.weight, -1 / math.sqrt(in_features), 1 / math.sqrt(in_features))
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x):
        return self.base_layer(x) + self.lora_B(self.lora_A(x)) * self.scaling


def with_lora(model, settings):
    rank, alpha = settings["r"], settings["lora_alpha"]
    scaling = alpha / math.sqrt(rank) if settings.get("use_rslora") else alpha / rank
    targets = ALL_LINEAR if settings["target_modules"] == "all-linear" else settings["target_modules"]
    model.lora = dict(settings, target_modules=list(targets))
    for name, parent in list(model.named_modules()):
        for child, linear in list(parent.named_children()):
            path = f"{name}.{child}"
            if isinstance(linear, nn.Linear) and any(path == t or path.endswith("." + t) for t in targets):
                setattr(parent, child, LoraLinear(linear, rank, scaling))
    bias = settings.get("bias", "none")
    for name, parameter in model.named_parameters():
        trained_bias = name.endswith("bias") and (bias == "all" or bias == "lora_only" and "base_layer" in name)
        parameter.requires_grad = "lora_" in name or name == "score.weight" or trained_bias
    return model


def saved(model):
    """The tensors of an adapter file, by PEFT's names. PEFT saves biases under 'all' only."""
    return {
        f"base_model.model.{name}": parameter
        for name, parameter in model.named_parameters()
        if "lora_" in name or name == "score.weight" or (model.lora.get("bias") == "all" and name.endswith("bias"))
    }


def save_adapter(model, folder):
    os.makedirs(folder, exist_ok=True)
    safetensors_file.write(os.path.join(folder, "adapter_model.safetensors"), saved(model))
    settings = {
        "peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": None, "revision": None,
        "inference_mode": True, "fan_in_fan_out": False, "init_lora_weights": True, "lora_dropout": 0.0,
        "modules_to_save": ["classifier", "score"], "rank_pattern": {}, "alpha_pattern": {}, "use_dora": False,
        "use_rslora": False, "bias": "none", "layers_to_transform": None, "layers_pattern": None,
    }
    with open(os.path.join(folder, "adapter_config.json"), "w") as file:
        json.dump({**settings, **model.lora}, file, indent=2, sort_keys=True)
        file.write("\n")


def load_adapter(model, folder):
    with open(os.path.join(folder, "adapter_config.json")) as file:
        model = with_lora(model, json.load(file))
    tensors = safetensors_file.read(os.path.join(folder, "adapter_model.safetensors"))
    parameters = saved(model)
    missing, unexpected = sorted(parameters.keys() - tensors.keys()), sorted(tensors.keys() - parameters.keys())
    if missing or unexpected:
        raise SystemExit(f"{folder}: missing {missing}, unexpected {unexpected}")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])
    return model.eval()
