#!/usr/bin/env python3
"""Times the published recipe's optimizer step in transformers and PEFT, on the GPU where there is one.

    python3 peft_step.py CONFIG STEPS < ARTICLES

CONFIG is a config.json; its weights are random. ARTICLES is a JSON array of steps, each an array of {"ids": […], "label": n}. As in
the recipe: base of 32 bit under autocast, articles padded to 128 tokens, micro-batches of 16, LoRA of rank 16 on all linear
layers, AdamW with gradients clipped to 1. Prints {"ArticlesPerSecond": …, "Memory": …, "Versions": "…"}; Memory is the peak of
what PyTorch has reserved on the GPU, or of the process.
"""
import json
import resource
import sys
import time

try:
    import peft
    import torch
    import transformers
except ImportError as missing:
    sys.exit(f"transformers and PEFT are left out: {missing}. They need: pip install torch==2.10.0 transformers peft")

MAX_LENGTH, MICRO_BATCH, WARM_UP = 128, 16, 3


def main(config_path, steps):
    steps = int(steps)
    articles = json.load(sys.stdin)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    newer = device == "cpu" or torch.cuda.get_device_capability() >= (8, 0)
    kind = torch.bfloat16 if newer else torch.float16
    torch.manual_seed(42)

    config = transformers.LlamaConfig.from_json_file(config_path)
    config.num_labels, config.pad_token_id = 4, 0
    model = transformers.LlamaForSequenceClassification(config)
    lora = peft.LoraConfig(task_type="SEQ_CLS", r=16, lora_alpha=32, lora_dropout=0.1, target_modules="all-linear")
    model = peft.get_peft_model(model, lora).to(device).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-5, weight_decay=0.0)
    scaler = torch.amp.GradScaler(device, enabled=kind == torch.float16)

    def take(step):
        for start in range(0, len(step), MICRO_BATCH):
            part = step[start:start + MICRO_BATCH]
            lengths = [len(article["ids"]) for article in part]
            ids = torch.tensor([article["ids"] + [0] * (MAX_LENGTH - length) for article, length in zip(part, lengths)])
            mask = torch.arange(MAX_LENGTH)[None, :] < torch.tensor(lengths)[:, None]
            labels = torch.tensor([article["label"] for article in part])
            with torch.autocast(device, dtype=kind):
                # no id of an article is 0: the head reads each one's last token
                loss = model(input_ids=ids.to(device), attention_mask=mask.long().to(device), labels=labels.to(device)).loss
            scaler.scale(loss * len(part) / len(step)).backward()
            loss.item()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()

    for step in range(WARM_UP):
        take(articles[step % steps])
    synchronize(device)
    begin = time.perf_counter()
    for step in range(steps):
        take(articles[step])
    synchronize(device)
    elapsed = time.perf_counter() - begin

    memory = torch.cuda.max_memory_reserved() if device == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}, peft {peft.__version__}"
    print(json.dumps({"ArticlesPerSecond": sum(map(len, articles[:steps])) / elapsed, "Memory": memory, "Versions": versions}))


def synchronize(device):
    if device == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main(*sys.argv[1:])
