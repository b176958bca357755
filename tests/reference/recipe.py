"""The recipe's optimizer steps as an explicit loop: AdamW, linear decay to zero, accumulation, clipping.

The loss of a step is the mean over all its rows. transformers' Trainer is not used: its newer versions do not divide
under accumulation for this head.
"""
import torch
from torch.nn import functional as F


def train(model, steps, settings):
    """Returns the loss and the gradient norm (before clipping) of every optimizer step."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=settings["learning_rate"], betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    total = settings["steps"]
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (total - step) / total)
    losses, norms = [], []
    model.train()
    for micro_batches in steps:
        rows = sum(len(part["labels"]) for part in micro_batches)
        loss = 0.0
        for part in micro_batches:
            share = F.cross_entropy(model(part["input_ids"]), part["labels"], reduction="sum") / rows
            share.backward()
            loss += share.item()
        norms.append(torch.nn.utils.clip_grad_norm_(trained, settings["max_grad_norm"]).item())
        optimizer.step()
        decay.step()
        optimizer.zero_grad()
        losses.append(loss)
    model.eval()
    return losses, norms
