"""The reference that counts: transformers' LlamaForSequenceClassification and PEFT's LoRA, behind the functions of
equations.py. Importing this module fails where transformers or PEFT is not installed."""
import os
import platform
import warnings

import accelerate
import peft
import torch
import transformers
from peft import LoraConfig, PeftConfig, get_peft_model
from transformers import LlamaConfig, LlamaForSequenceClassification

NAME = "transformers and peft"

transformers.logging.set_verbosity_error()
warnings.filterwarnings("ignore", message="Could not find a config file in")


def versions():
    return {
        "python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__,
        "peft": peft.__version__, "accelerate": accelerate.__version__}


def base(config, weights):
    if transformers.__version__ < "5" and "rope_parameters" in config:
        config = {**config, "rope_theta": config["rope_parameters"]["rope_theta"]}
    model = LlamaForSequenceClassification(LlamaConfig(**config, attn_implementation="eager")).float()
    model.load_state_dict(weights)
    return _Logits(model).eval()


def with_lora(model, settings):
    return _Logits(get_peft_model(model.inner, LoraConfig(task_type="SEQ_CLS", lora_dropout=0.0, **settings)))


def save_adapter(model, folder):
    model.inner.save_pretrained(folder)
    os.remove(os.path.join(folder, "README.md"))  # a model card without content


def load_adapter(model, folder):
    inner = get_peft_model(model.inner, PeftConfig.from_pretrained(folder))
    outcome = inner.load_adapter(folder, adapter_name="default")
    if outcome.missing_keys or outcome.unexpected_keys:
        raise SystemExit(f"{folder}: missing {outcome.missing_keys}, unexpected {outcome.unexpected_keys}")
    return _Logits(inner).eval()


class _Logits(torch.nn.Module):
    """A model that is called with padded ids and answers with logits alone, as the other reference does."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, input_ids):
        pad, places = self.inner.config.pad_token_id, torch.arange(input_ids.shape[1])
        last = (places * (input_ids != pad)).argmax(-1, keepdim=True)
        mask = (places <= last).long()  # an eos inside a text is text; only what follows the last token is padding
        return self.inner(input_ids=input_ids, attention_mask=mask, use_cache=False).logits
