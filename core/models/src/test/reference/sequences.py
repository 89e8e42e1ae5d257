"""
Encoder-decoders: passes, tiny configurations, and their folders.

    python3 sequences.py ../../../../fixtures/sequences [NAME...]
    python3 sequences.py --validate GOLDEN/next/models/bart GOLDEN/next/models/t5
"""

import json
import math
import pathlib
import sys

import numpy as np

import tensors
from parts import ACTIVATIONS, attend, both_ways, causal, cross_entropy, layer_norm, linear, rms_norm, split_heads

ROWS, SOURCE, TARGET, READ, WRITTEN, NEW = 2, 14, 9, 9, 6, 10
ACTIVATIONS = {**ACTIVATIONS, "swish": ACTIVATIONS["silu"]}


class Bart:
    """Post-norm layers, learned positions from row 2 on, a norm of the embeddings."""

    norm_first, embedding_norm, logits_bias, scaled, activation = False, True, True, False, "gelu"

    def __init__(self, c):
        self.c, self.d = c, c["d_model"]

    def positions(self, w, side, length):
        return w[f"model.{side}.embed_positions.weight"][2: 2 + length]

    def start(self, labels):
        return self.c["decoder_start_token_id"]

    def shared(self):
        return self.c.get("share_encoder_decoder_embeddings", True)

    def table(self, side):
        return "model.shared.weight" if self.shared() else f"model.{side}.embed_tokens.weight"

    def attention(self, w, at, x, memory, allowed, heads):
        q, k, v = (split_heads(linear(y, w, f"{at}.{n}_proj"), self.d // heads)
                   for n, y in (("q", x), ("k", memory), ("v", memory)))
        return linear(attend(q, k, v, allowed, (self.d // heads) ** -0.5), w, at + ".out_proj")

    def side(self, w, name, ids, allowed, memory=None, seen=None):
        c, at = self.c, f"model.{name}"
        heads = c[name + "_attention_heads"]
        act = ACTIVATIONS[c.get("activation_function", self.activation)]
        factor = math.sqrt(self.d) if c.get("scale_embedding", self.scaled) else 1.0
        x = w[self.table(name)][ids] * factor + self.positions(w, name, ids.shape[1])
        if self.embedding_norm:
            x = layer_norm(x, w, at + ".layernorm_embedding", 1e-5)

        def added(x, norm, part):
            if self.norm_first:
                return x + part(layer_norm(x, w, norm, 1e-5))
            return layer_norm(x + part(x), w, norm, 1e-5)

        for i in range(c[name + "_layers"]):
            layer = f"{at}.layers.{i}"
            x = added(x, layer + ".self_attn_layer_norm",
                      lambda y: self.attention(w, layer + ".self_attn", y, y, allowed, heads))
            if memory is not None:
                x = added(x, layer + ".encoder_attn_layer_norm",
                          lambda y: self.attention(w, layer + ".encoder_attn", y, memory, seen, heads))
            x = added(x, layer + ".final_layer_norm",
                      lambda y: linear(act(linear(y, w, layer + ".fc1")), w, layer + ".fc2"))
        return layer_norm(x, w, at + ".layer_norm", 1e-5) if self.norm_first else x

    def head(self, w, x):
        head = w[self.table("decoder")] if self.c.get("tie_word_embeddings", True) else w["lm_head.weight"]
        return x @ head.T + (w["final_logits_bias"] if self.logits_bias else 0)

    def run(self, w, ids, mask, target):
        memory = self.side(w, "encoder", ids, both_ways(mask))
        seen = np.repeat(mask[:, None, :] == 1, target.shape[1], 1)
        return self.head(w, self.side(w, "decoder", target, causal(np.ones_like(target)), memory, seen))

    def shapes(self):
        c, d, out = self.c, self.d, {}

        def norm(name):
            out[name + ".weight"] = out[name + ".bias"] = (d,)

        def full(name, wide, high):
            out[name + ".weight"], out[name + ".bias"] = (high, wide), (high,)

        vocabulary = c.get("decoder_vocab_size") or c["vocab_size"]
        if self.shared():
            out["model.shared.weight"] = (c["vocab_size"], d)
        else:
            out["model.encoder.embed_tokens.weight"] = (c["vocab_size"], d)
            out["model.decoder.embed_tokens.weight"] = (vocabulary, d)
        if self.logits_bias:
            out["final_logits_bias"] = (1, vocabulary)
        if not c.get("tie_word_embeddings", True):
            out["lm_head.weight"] = (vocabulary, d)
        for side in ("encoder", "decoder"):
            at, inner = f"model.{side}", c[side + "_ffn_dim"]
            if self.embedding_norm:
                norm(at + ".layernorm_embedding")
            if self.norm_first:
                norm(at + ".layer_norm")
            if type(self).positions is Bart.positions:
                out[at + ".embed_positions.weight"] = (c["max_position_embeddings"] + 2, d)
            for i in range(c[side + "_layers"]):
                layer = f"{at}.layers.{i}."
                for attention in ("self_attn", "encoder_attn")[: 1 if side == "encoder" else 2]:
                    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
                        full(f"{layer}{attention}.{name}", d, d)
                    norm(f"{layer}{attention}_layer_norm")
                full(layer + "fc1", d, inner)
                full(layer + "fc2", inner, d)
                norm(layer + "final_layer_norm")
        return out


class MBart(Bart):
    norm_first = True

    def start(self, labels):
        """The last target, which is the language."""
        return np.array([row[row != -100][-1] for row in labels])


class Marian(Bart):
    embedding_norm = False

    def positions(self, w, side, length):
        stored = w.get(f"model.{side}.embed_positions.weight")
        if stored is not None:
            return stored[:length]
        out = np.zeros((length, self.d))
        for position in range(length):
            for j in range(self.d):
                angle = position / 10000 ** (2 * (j // 2) / self.d)
                # Even places of the angles are the first half, odd ones the second.
                at = j // 2 if j % 2 == 0 else self.d // 2 + j // 2
                out[position, at] = math.sin(angle) if j % 2 == 0 else math.cos(angle)
        return out


class Pegasus(Marian):
    norm_first = True


class M2M100(Bart):
    norm_first, embedding_norm, logits_bias, scaled, activation = True, False, False, True, "relu"

    def positions(self, w, side, length):
        half = self.d // 2
        speed = np.exp(-math.log(10000) / (half - 1) * np.arange(half))
        angles = (np.arange(length)[:, None] + 2) * speed
        return np.concatenate([np.sin(angles), np.cos(angles)], 1)


class T5:
    """Distances in the first layer of a side, for all of them."""

    each, gate, tied = False, "relu", True

    def __init__(self, c):
        self.c, self.d = c, c["d_model"]

    def start(self, labels):
        return self.c["decoder_start_token_id"]

    def bucket(self, distance, both):
        count, offset = self.c["relative_attention_num_buckets"], 0
        if both:
            count //= 2
            offset = count if distance > 0 else 0
            distance = abs(distance)
        else:
            distance = max(0, -distance)
        exact = count // 2
        if distance < exact:
            return offset + distance
        far = math.log(distance / exact) / math.log(self.c["relative_attention_max_distance"] / exact)
        return offset + min(count - 1, exact + int(far * (count - exact)))

    def attention(self, w, at, x, memory, allowed, bias):
        q, k, v = (split_heads(linear(y, w, f"{at}.{n}"), self.c["d_kv"])
                   for n, y in (("q", x), ("k", memory), ("v", memory)))
        scores = q @ k.swapaxes(-1, -2) + bias
        scores = np.where(allowed[:, None], scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        y = (weights / weights.sum(-1, keepdims=True)) @ v
        return linear(y.swapaxes(1, 2).reshape(*x.shape[:2], -1), w, at + ".o")

    def side(self, w, name, ids, allowed, memory=None, seen=None):
        c, x = self.c, w["shared.weight"][ids]
        length, bias = ids.shape[1], None
        buckets = np.array([[self.bucket(k - q, memory is None) for k in range(length)] for q in range(length)])
        count = c["num_layers"] if memory is None else c.get("num_decoder_layers") or c["num_layers"]

        def norm(x, at):
            return rms_norm(x, w[at + ".layer_norm.weight"], c["layer_norm_epsilon"])

        for i in range(count):
            at = f"{name}.block.{i}.layer."
            if bias is None or self.each:
                table = w[at + "0.SelfAttention.relative_attention_bias.weight"]
                bias = table[buckets].transpose(2, 0, 1)[None]
            y = norm(x, at + "0")
            x = x + self.attention(w, at + "0.SelfAttention", y, y, allowed, bias)
            if memory is not None:
                x = x + self.attention(w, at + "1.EncDecAttention", norm(x, at + "1"), memory, seen, 0)
            last = at + ("1" if memory is None else "2")
            x = x + self.mlp(w, last + ".DenseReluDense.", norm(x, last))
        return rms_norm(x, w[name + ".final_layer_norm.weight"], c["layer_norm_epsilon"])

    def mlp(self, w, at, x):
        kind = self.c.get("feed_forward_proj", self.gate)
        if not kind.startswith("gated-"):
            return linear(ACTIVATIONS[kind](linear(x, w, at + "wi")), w, at + "wo")
        act = ACTIVATIONS["gelu_new" if kind == "gated-gelu" else kind[len("gated-"):]]
        return linear(act(linear(x, w, at + "wi_0")) * linear(x, w, at + "wi_1"), w, at + "wo")

    def run(self, w, ids, mask, target):
        memory = self.side(w, "encoder", ids, both_ways(mask))
        seen = np.repeat(mask[:, None, :] == 1, target.shape[1], 1)
        x = self.side(w, "decoder", target, causal(np.ones_like(target)), memory, seen)
        if self.c.get("tie_word_embeddings", self.tied):
            return x * self.d**-0.5 @ w["shared.weight"].T
        return x @ w["lm_head.weight"].T

    def shapes(self):
        c, d, out = self.c, self.d, {"shared.weight": (self.c["vocab_size"], self.c["d_model"])}
        width, heads = c["num_heads"] * c["d_kv"], c["num_heads"]
        if not c.get("tie_word_embeddings", self.tied):
            out["lm_head.weight"] = (c["vocab_size"], d)
        for name in ("encoder", "decoder"):
            out[name + ".final_layer_norm.weight"] = (d,)
            count = c["num_layers"] if name == "encoder" else c.get("num_decoder_layers") or c["num_layers"]
            for i in range(count):
                at = f"{name}.block.{i}.layer."
                kinds = ["0.SelfAttention"] + (["1.EncDecAttention"] if name == "decoder" else [])
                for kind in kinds:
                    for n in "qkv":
                        out[f"{at}{kind}.{n}.weight"] = (width, d)
                    out[f"{at}{kind}.o.weight"] = (d, width)
                    out[f"{at}{kind[0]}.layer_norm.weight"] = (d,)
                if i == 0 or self.each:
                    out[at + "0.SelfAttention.relative_attention_bias.weight"] = (
                        c["relative_attention_num_buckets"], heads)
                last = f"{at}{len(kinds)}."
                out[last + "layer_norm.weight"] = (d,)
                gated = c.get("feed_forward_proj", self.gate).startswith("gated-")
                for n in ("wi_0", "wi_1") if gated else ("wi",):
                    out[f"{last}DenseReluDense.{n}.weight"] = (c["d_ff"], d)
                out[last + "DenseReluDense.wo.weight"] = (d, c["d_ff"])
        return out


class Mt5(T5):
    gate, tied = "gated-gelu", False


class Umt5(T5):
    each, gate = True, "gated-gelu"


FAMILIES = {"bart": Bart, "mbart": MBart, "marian": Marian, "pegasus": Pegasus, "m2m_100": M2M100, "t5": T5,
            "mt5": Mt5, "umt5": Umt5}


def bart_like(model_type, architecture, **own):
    return {"architectures": [architecture], "model_type": model_type, "d_model": 16, "encoder_layers": 2,
            "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 2, "encoder_ffn_dim": 20,
            "decoder_ffn_dim": 24, "max_position_embeddings": 32, "vocab_size": 40, "pad_token_id": 1,
            "eos_token_id": 2, "bos_token_id": 0, "decoder_start_token_id": 2, "dropout": 0.0,
            "attention_dropout": 0.0, "is_encoder_decoder": True, "dtype": "float32", **own}


def t5_like(model_type, architecture, **own):
    return {"architectures": [architecture], "model_type": model_type, "d_model": 16, "d_kv": 6, "d_ff": 20,
            "num_layers": 2, "num_decoder_layers": 3, "num_heads": 4, "relative_attention_num_buckets": 8,
            "relative_attention_max_distance": 12, "layer_norm_epsilon": 1e-6, "dropout_rate": 0.0,
            "vocab_size": 40, "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0,
            "is_encoder_decoder": True, "dtype": "float32", **own}


CASES = {
    "mbart": bart_like("mbart", "MBartForConditionalGeneration", scale_embedding=True, activation_function="relu"),
    "marian": bart_like("marian", "MarianMTModel", activation_function="swish", scale_embedding=True,
                        pad_token_id=39, decoder_start_token_id=39, eos_token_id=0),
    "marian_apart": bart_like("marian", "MarianMTModel", share_encoder_decoder_embeddings=False,
                              decoder_vocab_size=36, tie_word_embeddings=False, pad_token_id=35,
                              decoder_start_token_id=35),
    "pegasus": bart_like("pegasus", "PegasusForConditionalGeneration", scale_embedding=True, pad_token_id=0,
                         decoder_start_token_id=0, eos_token_id=1),
    "pegasus_tables": bart_like("pegasus", "PegasusForConditionalGeneration", pad_token_id=0,
                                decoder_start_token_id=0, eos_token_id=1),
    "m2m_100": bart_like("m2m_100", "M2M100ForConditionalGeneration"),
    "mt5": t5_like("mt5", "MT5ForConditionalGeneration"),
    "umt5": t5_like("umt5", "UMT5ForConditionalGeneration"),
    "umt5_untied": t5_like("umt5", "UMT5ForConditionalGeneration", tie_word_embeddings=False),
}


# Files with tables of positions that are not sines and cosines.
TABLES = {"pegasus_tables"}


def decoder_inputs(family, c, labels):
    shifted = np.concatenate([np.zeros_like(labels[:, :1]), labels[:, :-1]], 1)
    shifted[:, 0] = family.start(labels)
    return np.where(shifted == -100, c["pad_token_id"], shifted)


def greedy(family, c, w, ids, mask, count):
    target = np.full((len(ids), 1), c["decoder_start_token_id"])
    gap = np.inf
    for _ in range(count):
        last = family.run(w, ids, mask, target)[:, -1]
        ranked = np.sort(last, -1)
        gap = min(gap, (ranked[:, -1] - ranked[:, -2]).min())
        target = np.concatenate([target, last.argmax(-1)[:, None]], 1)
    return target[:, 1:], gap


def weights(family, random, tables):
    out, shapes = {}, family.shapes()
    if tables:
        for side in ("encoder", "decoder"):
            shapes[f"model.{side}.embed_positions.weight"] = (family.c["max_position_embeddings"], family.d)
    for name, shape in shapes.items():
        values = random.standard_normal(shape)
        if name.endswith("bias"):
            values *= 0.3
        elif len(shape) == 1:
            values = 0.3 * values + 1
        elif "relative" not in name and not name.startswith(("model.shared", "shared")) and "embed" not in name:
            values *= 1 / np.sqrt(shape[1])
        elif "embed" in name or "shared" in name:
            values *= 0.5
        out[name] = values.astype(np.float32)
    return out


def write(folder, config):
    family = FAMILIES[config["model_type"]](config)
    for seed in range(50):
        random = np.random.default_rng(seed)
        stored = weights(family, random, folder.name in TABLES)
        w = {name: value.astype(np.float64) for name, value in stored.items()}
        top = config.get("decoder_vocab_size") or config["vocab_size"]
        ids = random.integers(4, top - 2, (ROWS, SOURCE))
        mask = np.ones((ROWS, SOURCE), np.int64)
        mask[1, READ:] = 0
        ids = np.where(mask == 1, ids, config["pad_token_id"])
        labels = random.integers(4, top - 2, (ROWS, TARGET))
        labels[1, WRITTEN:] = -100
        generated, gap = greedy(family, config, w, ids, mask, NEW)
        if gap > 2e-3 and len({tuple(row) for row in generated}) > 1:
            break
    else:
        raise SystemExit(f"{folder}: no seed generates with clear choices")
    target = decoder_inputs(family, config, labels)
    logits = family.run(w, ids, mask, target)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
    tensors.write(folder / "model.safetensors", stored)
    numbers = {"input_ids": ids, "attention_mask": mask, "labels": labels, "generated": generated}
    numbers = {name: np.ascontiguousarray(value, np.int64) for name, value in numbers.items()}
    numbers["logits"] = logits.astype(np.float32)
    numbers["loss"] = np.array([cross_entropy(logits, labels)], np.float32)
    tensors.write(folder / "expected.safetensors", numbers)
    return seed


def validate(folder):
    folder = pathlib.Path(folder)
    config = json.loads((folder / "config.json").read_text())
    family = FAMILIES[config["model_type"]](config)
    w = {n: v.astype(np.float64) for n, v in tensors.read(folder / "model.safetensors").items()}
    e = tensors.read(folder / "expected.safetensors")
    config.setdefault("layer_norm_epsilon", 1e-6)
    logits = family.run(w, e["input_ids"], e["attention_mask"], decoder_inputs(family, config, e["labels"]))
    return np.abs(logits - e["logits"])[e["labels"] != -100].max()


if __name__ == "__main__":
    if sys.argv[1] == "--validate":
        for path in sys.argv[2:]:
            print(path, validate(path))
    else:
        for case in sys.argv[2:] or CASES:
            print(case, "seed", write(pathlib.Path(sys.argv[1]) / case, CASES[case]))
