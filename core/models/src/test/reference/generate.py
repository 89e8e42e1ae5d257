"""
Writes the tiny golden folders: random weights, inputs, and what this program computes for them.

    python3 generate.py FOLDER [NAME...]
"""

import json
import pathlib
import sys

import numpy as np

import hybrid_decoders
import later_decoders
import tensors
from cases import CASES
from golden import Model, compute, running_positions
from shapes import decoder_shapes, encoder_shapes

ROWS, LENGTH, REAL, NEW = 2, 24, 17, 20
MASK_ID = 3
# Greedy ids are worth comparing only where fp32 rounding cannot turn the choice.
MARGIN = 2e-3
# A loss has slopes only where a small change turns no choice of an expert.
ROUTER_MARGIN = 0.1


def kind_of(config):
    name = config["architectures"][0]
    if name.endswith(("MaskedLM", "ForPreTraining")):
        return "mlm"
    if name.endswith("SequenceClassification"):
        return "cls"
    if name.endswith("TokenClassification"):
        return "tokens"
    return "features" if name.endswith("Model") and "LMHead" not in name else "causal"


def random_weights(config, kind, random):
    shapes = decoder_shapes(config) if kind == "causal" else encoder_shapes(config, kind)
    kind_of_model, weights = config["model_type"], {}
    gemma = kind_of_model.startswith("gemma") and not kind_of_model.startswith(("gemma3n", "gemma4"))
    # Keys of length 1 make these families steep, and so do scores without a factor.
    is_delta = kind_of_model in ("qwen3_5_text", "qwen3_next")
    is_steep = is_delta or kind_of_model in ("gemma3n_text", "gemma4_text")
    for name, shape in shapes.items():
        values = random.standard_normal(shape)
        if name.endswith("bias"):
            values *= 0.3
        elif len(shape) == 1:
            centered = gemma or hybrid_decoders.norm_is_centered(config, name)
            values = 0.3 * values + (0 if centered else 1)
        elif name.endswith(("mlp.gate.weight", "gate.wg.weight", "feed_forward.gate.weight",
                            "moe.gate.weight", "router.gate.weight", "router.classifier.weight", "mixer.gate.weight", "router.weight", "router.layer.weight")):
            values *= 6 / np.sqrt(shape[1])
        elif name.endswith("router.proj.weight"):
            values *= 6
        elif len(shape) == 3:
            values *= 1 / np.sqrt(shape[2])
        elif "embed" in name or "wte" in name or "wpe" in name:
            # Large tied embeddings would make the model repeat its input.
            values *= 0.1 if gemma else 1.0 if is_delta else 0.5 if is_steep else 0.3
        else:
            gain = 0.2 if ".altup." in name else 0.8 if is_steep else 1.5
            values *= gain / np.sqrt(shape[0] if "c_" in name else shape[1])
        if kind_of_model == "openai_privacy_filter" and name.endswith("gate_up_proj"):
            # Beyond the limits of 7.
            values *= 4
        if is_steep and name.endswith(("q_norm.weight", "k_norm.weight")):
            values *= 0.5
        weights[name] = values.astype(np.float32)
    return weights


def inputs(config, kind, random):
    pad = config["pad_token_id"]
    ids = random.integers(MASK_ID + 1, config["vocab_size"], (ROWS, LENGTH))
    mask = np.ones((ROWS, LENGTH), np.int64)
    mask[1, REAL:] = 0
    labels = ids.copy()
    given = {}
    if kind == "causal":
        labels[:, :6] = -100
    if kind == "mlm":
        hit = random.random((ROWS, LENGTH)) < 0.3
        hit[:, 2] = True
        labels = np.where(hit, ids, -100)
        ids = np.where(hit, MASK_ID, ids)
    ids = np.where(mask == 1, ids, pad)
    given["input_ids"], given["attention_mask"] = ids, mask
    left = ids.copy()
    left[1] = np.concatenate([ids[1, REAL:], ids[1, :REAL]])
    given["input_ids_left"] = left
    given["attention_mask_left"] = np.stack([mask[0], mask[1][::-1]])
    if kind == "tokens":
        labels = random.integers(0, len(config["id2label"]), labels.shape)
    if kind in ("causal", "mlm", "tokens"):
        given["labels"] = np.where(mask == 1, labels, -100)
    if kind == "cls":
        given["labels"] = np.array([2, 0])
    if kind == "causal":
        given["position_ids_left"] = running_positions(given["attention_mask_left"])
    if config.get("type_vocab_size", 0) > 1:
        given["token_type_ids"] = np.where(mask == 1, random.integers(0, 2, (ROWS, LENGTH)), 0)
        given["token_type_ids_left"] = np.zeros_like(ids)
    return {name: np.ascontiguousarray(value, np.int64) for name, value in given.items()}


def stop_token(generated):
    """A token that ends one row early and the other later or never."""
    for step in range(3, NEW):
        token = generated[0][step]
        if token not in generated[0][:step] and token not in generated[1][: step + 1]:
            return int(token)
    return None


def tokenizer(config):
    """A byte-level tokenizer of 40 tokens, for models that classify tokens of a text."""
    merges = [["a", "n"], ["i", "n"], ["h", "e"], ["e", "r"], ["Ġ", "t"]]
    tokens = ["!", "?", "<|endoftext|>", "Ġ", *"abcdefghijklmnopqrstuvwxyz", *"@.1-,", *map("".join, merges)]
    assert len(tokens) == config["vocab_size"]
    level = {"add_prefix_space": False, "trim_offsets": False, "type": "ByteLevel", "use_regex": True}
    return {
        "added_tokens": [{"content": tokens[2], "id": 2, "lstrip": False, "normalized": False, "rstrip": False,
                          "single_word": False, "special": True}],
        "decoder": level, "model": {
            "byte_fallback": False, "continuing_subword_prefix": None, "dropout": None, "end_of_word_suffix": None,
            "fuse_unk": False, "ignore_merges": False, "merges": merges, "type": "BPE", "unk_token": None,
            "vocab": {token: i for i, token in enumerate(tokens)}},
        "normalizer": None, "padding": None, "post_processor": level, "pre_tokenizer": level, "truncation": None,
        "version": "1.0"}


def attempt(folder, name, config, seed):
    """Whether a folder was written: not if two logits come too close while generating."""
    random, kind = np.random.default_rng(seed), kind_of(config)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    tensors.write(folder / "model.safetensors", random_weights(config, kind, random))
    model, given = Model(folder, kind), inputs(config, kind, random)
    about = {"name": name, "kind": kind, "model_class": config["architectures"][0],
             "model_type": config["model_type"], "seed": seed}
    later_decoders.Experts.margin = np.inf
    numbers = {n: value.astype(np.float32) for n, value in compute(model, given).items()}
    if later_decoders.Experts.margin < ROUTER_MARGIN:
        return False
    if "loss" in numbers:
        about["loss"] = float(numbers["loss"][0])
    if kind == "causal":
        row = model.greedy(given["input_ids"][:1], given["attention_mask"][:1], NEW)
        left = given["input_ids_left"], given["attention_mask_left"]
        both = model.greedy(*left, NEW)
        stop = stop_token(both[0])
        if stop is None or min(row[1], both[1]) < MARGIN or len(set(row[0][0])) < 4:
            return False
        about |= {"generated_min_margin": row[1], "generated_left_min_margin": both[1],
                  "eos_token_id_for_generated_left_eos": stop}
        numbers |= {"generated": row[0], "generated_left": both[0],
                    "generated_left_eos": model.greedy(*left, NEW, stop)[0]}
        settings = {"_from_model_config": True, "bos_token_id": config["bos_token_id"],
                    "eos_token_id": 2, "pad_token_id": 0, "transformers_version": "4.57.0"}
        (folder / "generation_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    if kind == "tokens":
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer(config), ensure_ascii=False) + "\n")
    tensors.write(folder / "expected.safetensors", given | numbers)
    (folder / "expected.json").write_text(json.dumps(about, indent=1) + "\n")
    return True


def main(root, names):
    for name in names or CASES:
        folder, seed = pathlib.Path(root) / name, 0
        while not attempt(folder, name, CASES[name], seed):
            seed += 1
            if seed == 100:
                raise SystemExit(f"{name}: no seed generates a varied text with clear choices")
        print(name, "seed", seed, sum(f.stat().st_size for f in folder.iterdir()) // 1024, "KiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
