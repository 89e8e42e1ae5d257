"""Runs a checkpoint: forward passes, loss, and greedy continuations by full recomputation."""

import json
import pathlib

import numpy as np

import decoders
import encoders
import newest_encoders
import tensors
from parts import cross_entropy


class Model:
    def __init__(self, folder, kind):
        folder = pathlib.Path(folder)
        self.config = json.loads((folder / "config.json").read_text())
        stored = tensors.read(folder / "model.safetensors")
        self.weights = {name: tensor.astype(np.float64) for name, tensor in stored.items()}
        self.kind = kind
        families = decoders.FAMILIES if kind == "causal" else encoders.FAMILIES
        self.family = families[self.config["model_type"]]

    def causal(self, ids, mask, positions, prompt):
        """Logits and hidden states; the first prompt tokens were computed in one go."""
        length = ids.shape[1]
        scaling = self.config.get("rope_scaling") or {}
        kind = scaling.get("rope_type", scaling.get("type"))
        if kind == "dynamic" or (kind == "longrope" and not self.config["model_type"].startswith("phi")):
            lengths = [max(prompt, i + 1) for i in range(length)]
        else:
            lengths = [int(positions.max()) + 1] * length
        return self.family(self.config, self.weights, ids, mask, positions, lengths)

    def encode(self, ids, mask, types):
        return self.family(self.config, self.weights, ids, mask, types, self.kind)

    def encode_for(self, task, ids, mask, types):
        """With the LoRA matrices of a task added to the weights."""
        weights = newest_encoders.with_task(self.config, self.weights, task)
        return self.family(self.config, weights, ids, mask, types, self.kind)[0]

    def greedy(self, ids, mask, count, eos=None):
        """(continuation, smallest gap between the best and the second logit)."""
        prompt, gap = ids.shape[1], np.inf
        done = np.zeros(len(ids), bool)
        pad = self.config.get("pad_token_id", 0)
        for _ in range(count):
            logits, _ = self.causal(ids, mask, running_positions(mask), prompt)
            last = np.sort(logits[:, -1], -1)
            gap = min(gap, (last[:, -1] - last[:, -2])[~done].min())
            new = np.where(done, pad, logits[:, -1].argmax(-1))
            done |= new == eos if eos is not None else False
            ids = np.concatenate([ids, new[:, None]], 1)
            mask = np.concatenate([mask, np.ones_like(new)[:, None]], 1)
            if done.all():
                break
        return ids[:, prompt:], gap


def running_positions(mask):
    return np.where(mask == 1, np.cumsum(mask, 1) - 1, 1)


def plain_positions(ids):
    return np.broadcast_to(np.arange(ids.shape[1]), ids.shape)


def loss(kind, logits, labels):
    if kind == "causal":
        return cross_entropy(logits[:, :-1], labels[:, 1:])
    return cross_entropy(logits, labels)


def compute(model, given):
    """Every number of expected.safetensors but gradients, from its inputs."""
    kind, out = model.kind, {}
    if kind == "causal":
        ids, mask = given["input_ids"], given["attention_mask"]
        result, hidden = model.causal(ids, mask, plain_positions(ids), ids.shape[1])
        left, left_mask = given["input_ids_left"], given["attention_mask_left"]
        result_left, _ = model.causal(left, left_mask, running_positions(left_mask), left.shape[1])
    else:
        result, hidden = model.encode(
            given["input_ids"], given["attention_mask"], given.get("token_type_ids"))
        result_left, _ = model.encode(
            given["input_ids_left"], given["attention_mask_left"], given.get("token_type_ids_left"))
    name = "last_hidden_state" if kind == "features" else "logits"
    out[name], out[name + "_left"] = result, result_left
    if "labels" in given:
        out["loss"] = np.array([loss(kind, result, given["labels"])])
    for task, called in enumerate(model.config.get("lora_adaptations", [])):
        out["task." + called] = model.encode_for(
            task, given["input_ids"], given["attention_mask"], given.get("token_type_ids"))
    out.update({f"hidden.{i}": one for i, one in enumerate(hidden)})
    return out
