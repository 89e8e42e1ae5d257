"""
Encoders of later years: passes, tensors and tiny configurations. Passes return what the saved class
does (logits of tokens or classes, or the last hidden state), and all hidden states.
"""

import math

import numpy as np

from later_decoders import Experts
from parts import ACTIVATIONS, attend, both_ways, layer_norm, linear, merge_heads, rotate, softmax, split_heads
from rotary import cos_sin

TANH = {"tanh": np.tanh, **ACTIVATIONS}
PREFIXES = {"mpnet": "mpnet.", "electra": "electra.", "albert": "albert.", "deberta-v2": "deberta.",
            "nomic_bert": "bert."}


def prefix_of(c, kind):
    return "" if kind == "features" else PREFIXES[c["model_type"]]


def distances(length):
    """Position of the query less that of the key [T, T]."""
    return np.arange(length)[:, None] - np.arange(length)[None, :]


# MPNet

def mpnet_bucket(distance, buckets=32, furthest=128):
    half = buckets // 2
    exact = half // 2
    near = abs(distance)
    far = exact + int(math.log(max(near, 1) / exact) / math.log(furthest / exact) * (half - exact))
    return (half if distance < 0 else 0) + (near if near < exact else min(far, half - 1))


def mpnet(c, w, ids, mask, types, kind):
    prefix, eps, d = prefix_of(c, kind), c["layer_norm_eps"], c["hidden_size"] // c["num_attention_heads"]
    real = (ids != 1).astype(np.int64)
    at = prefix + "embeddings."
    x = w[at + "word_embeddings.weight"][ids] + w[at + "position_embeddings.weight"][np.cumsum(real, 1) * real + 1]
    x = layer_norm(x, w, at + "LayerNorm", eps)
    rows = np.vectorize(mpnet_bucket)(distances(ids.shape[1]))
    bias = w[prefix + "encoder.relative_attention_bias.weight"][rows].transpose(2, 0, 1)[None]
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        q, k, v = (split_heads(linear(x, w, f"{at}attention.attn.{name}"), d) for name in "qkv")
        scores = q @ k.swapaxes(-1, -2) * d**-0.5 + bias
        scores = np.where(both_ways(mask)[:, None], scores, -np.inf)
        y = linear(merge_heads(softmax(scores) @ v), w, at + "attention.attn.o")
        x = layer_norm(x + y, w, at + "attention.LayerNorm", eps)
        y = linear(ACTIVATIONS[c["hidden_act"]](linear(x, w, at + "intermediate.dense")), w, at + "output.dense")
        x = layer_norm(x + y, w, at + "output.LayerNorm", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.tanh(linear(x[:, 0], w, "classifier.dense")), w, "classifier.out_proj"), hidden
    x = layer_norm(ACTIVATIONS["gelu"](linear(x, w, "lm_head.dense")), w, "lm_head.layer_norm", eps)
    return x @ w[prefix + "embeddings.word_embeddings.weight"].T + w["lm_head.bias"], hidden


# ELECTRA and ALBERT

def _embed(c, w, ids, types, prefix):
    at = prefix + "embeddings."
    x = (w[at + "word_embeddings.weight"][ids] + w[at + "position_embeddings.weight"][: ids.shape[1]]
         + w[at + "token_type_embeddings.weight"][np.zeros_like(ids) if types is None else types])
    return layer_norm(x, w, at + "LayerNorm", c["layer_norm_eps"])


def electra(c, w, ids, mask, types, kind):
    prefix, eps, d = prefix_of(c, kind), c["layer_norm_eps"], c["hidden_size"] // c["num_attention_heads"]
    act = ACTIVATIONS[c["hidden_act"]]
    x = _embed(c, w, ids, types, prefix)
    if c.get("embedding_size", c["hidden_size"]) != c["hidden_size"]:
        x = linear(x, w, prefix + "embeddings_project")
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        q, k, v = (split_heads(linear(x, w, f"{at}attention.self.{name}"), d) for name in ("query", "key", "value"))
        y = linear(attend(q, k, v, both_ways(mask), d**-0.5), w, at + "attention.output.dense")
        x = layer_norm(x + y, w, at + "attention.output.LayerNorm", eps)
        y = linear(act(linear(x, w, at + "intermediate.dense")), w, at + "output.dense")
        x = layer_norm(x + y, w, at + "output.LayerNorm", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    gelu = ACTIVATIONS["gelu"]
    if kind == "cls":
        return linear(gelu(linear(x[:, 0], w, "classifier.dense")), w, "classifier.out_proj"), hidden
    x = layer_norm(gelu(linear(x, w, "generator_predictions.dense")), w, "generator_predictions.LayerNorm", eps)
    return x @ w[prefix + "embeddings.word_embeddings.weight"].T + w["generator_lm_head.bias"], hidden


def albert(c, w, ids, mask, types, kind):
    prefix, eps, d = prefix_of(c, kind), c["layer_norm_eps"], c["hidden_size"] // c["num_attention_heads"]
    act = ACTIVATIONS[c["hidden_act"]]
    x = linear(_embed(c, w, ids, types, prefix), w, prefix + "encoder.embedding_hidden_mapping_in")
    hidden = [x]
    layers, groups = c["num_hidden_layers"], c["num_hidden_groups"]
    for i in range(layers):
        at = f"{prefix}encoder.albert_layer_groups.{int(i / (layers / groups))}.albert_layers.0."
        q, k, v = (split_heads(linear(x, w, f"{at}attention.{name}"), d) for name in ("query", "key", "value"))
        y = linear(attend(q, k, v, both_ways(mask), d**-0.5), w, at + "attention.dense")
        x = layer_norm(x + y, w, at + "attention.LayerNorm", eps)
        y = linear(act(linear(x, w, at + "ffn")), w, at + "ffn_output")
        x = layer_norm(x + y, w, at + "full_layer_layer_norm", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.tanh(linear(x[:, 0], w, "albert.pooler")), w, "classifier"), hidden
    x = layer_norm(act(linear(x, w, "predictions.dense")), w, "predictions.LayerNorm", eps)
    return x @ w[prefix + "embeddings.word_embeddings.weight"].T + w["predictions.bias"], hidden


# DeBERTa v2 and v3

def deberta_row(distance, span, buckets, furthest):
    if buckets > 0:
        middle = buckets // 2
        size = abs(distance)
        if size >= middle and size > middle:
            far = math.ceil(math.log(size / middle) / math.log((furthest - 1) / middle) * (middle - 1)) + middle
            distance = int(math.copysign(far, distance))
    return min(max(distance + span, 0), 2 * span - 1)


def deberta_v2(c, w, ids, mask, types, kind):
    prefix, eps, heads = prefix_of(c, kind), c["layer_norm_eps"], c["num_attention_heads"]
    act, length, seen = ACTIVATIONS[c["hidden_act"]], ids.shape[1], mask[..., None]
    at = prefix + "embeddings."
    x = w[at + "word_embeddings.weight"][ids]
    if c["position_biased_input"]:
        x = x + w[at + "position_embeddings.weight"][:length]
    if c["type_vocab_size"] > 0:
        x = x + w[at + "token_type_embeddings.weight"][np.zeros_like(ids) if types is None else types]
    if c.get("embedding_size", c["hidden_size"]) != c["hidden_size"]:
        x = linear(x, w, at + "embed_proj")
    x = layer_norm(x, w, at + "LayerNorm", eps) * seen
    furthest = c["max_relative_positions"] if c["max_relative_positions"] > 0 else c["max_position_embeddings"]
    span = c["position_buckets"] if c["position_buckets"] > 0 else furthest
    kinds = c["pos_att_type"].split("|") if isinstance(c["pos_att_type"], str) else c["pos_att_type"]
    if c["relative_attention"]:
        table = w[prefix + "encoder.rel_embeddings.weight"]
        if c["norm_rel_ebd"] == "layer_norm":
            table = layer_norm(table, w, prefix + "encoder.LayerNorm", eps)
        rows = np.vectorize(deberta_row)(distances(length), span, c["position_buckets"], furthest)
    hidden, first = [x], x
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        d = w[at + "attention.self.query_proj.weight"].shape[0] // heads
        q, k, v = (split_heads(linear(x, w, f"{at}attention.self.{name}_proj"), d) for name in ("query", "key", "value"))
        scores = q @ k.swapaxes(-1, -2)
        own = not c["share_att_key"]
        if c["relative_attention"] and "c2p" in kinds:
            keys = split_heads(linear(table, w, at + f"attention.self.{'pos_' if own else ''}key_proj")[None], d)
            scores = scores + np.einsum("bhid,hijd->bhij", q, keys[0][:, rows])
        if c["relative_attention"] and "p2c" in kinds:
            queries = split_heads(linear(table, w, at + f"attention.self.{'pos_' if own else ''}query_proj")[None], d)
            scores = scores + np.einsum("bhjd,hijd->bhij", k, queries[0][:, rows])
        scores = scores / math.sqrt(d * (1 + len(kinds)))
        allowed = mask[:, :, None] * mask[:, None, :] == 1
        y = merge_heads(softmax(np.where(allowed[:, None], scores, -np.inf)) @ v)
        x = layer_norm(x + linear(y, w, at + "attention.output.dense"), w, at + "attention.output.LayerNorm", eps)
        y = linear(act(linear(x, w, at + "intermediate.dense")), w, at + "output.dense")
        x = layer_norm(x + y, w, at + "output.LayerNorm", eps)
        if i == 0 and c.get("conv_kernel_size", 0) > 0:
            y = TANH[c["conv_act"]](convolve(first, w, prefix + "encoder.conv.conv", c["conv_groups"]) * seen)
            x = layer_norm(x + y, w, prefix + "encoder.conv.LayerNorm", eps) * seen
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(TANH[c["pooler_hidden_act"]](linear(x[:, 0], w, "pooler.dense")), w, "classifier"), hidden
    dense = "cls.predictions.transform." if c["legacy"] else "lm_predictions.lm_head."
    bias = "cls.predictions.bias" if c["legacy"] else "lm_predictions.lm_head.bias"
    x = layer_norm(act(linear(x, w, dense + "dense")), w, dense + "LayerNorm", eps)
    return x @ w[prefix + "embeddings.word_embeddings.weight"].T + w[bias], hidden


def convolve(x, w, name, groups):
    """Over positions, zero beyond the ends: weight [out, in / groups, kernel]."""
    weight = w[name + ".weight"]
    out, width, kernel = weight.shape
    y = np.zeros(x.shape[:2] + (out,))
    for t in range(x.shape[1]):
        for j in range(kernel):
            s = t + j - (kernel - 1) // 2
            if 0 <= s < x.shape[1]:
                for g in range(groups):
                    own = slice(g * out // groups, (g + 1) * out // groups)
                    y[:, t, own] += x[:, s, g * width:(g + 1) * width] @ weight[own, :, j].T
    return y + w[name + ".bias"]


# Nomic BERT

def nomic_is_mixture(c, layer):
    every = c.get("moe_every_n_layers", 0)
    return every > 0 and layer % every == 1


def nomic_mixture(c, w, at, x, act):
    """Weights of the chosen experts do not add up to 1; one bias is added to their sum."""
    scores, k, width = linear(x, w, at + "router.layer"), c["moe_top_k"], c["n_inner"]
    chances, ranked, out = softmax(scores), np.sort(scores, -1), np.zeros_like(x)
    Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min())
    for b, t in np.ndindex(x.shape[:2]):
        for expert in np.argsort(-scores[b, t])[:k]:
            own = slice(expert * width, (expert + 1) * width)
            inner = act(w[at + "experts.mlp.w1"][own] @ x[b, t])
            out[b, t] += chances[b, t, expert] * (inner @ w[at + "experts.mlp.w2"][own])
    return out + w[at + "experts.bias"]


def nomic_bert(c, w, ids, mask, types, kind):
    prefix, eps, d = prefix_of(c, kind), c["layer_norm_epsilon"], c["n_embd"] // c["n_head"]
    act = {"swiglu": ACTIVATIONS["silu"], "geglu": ACTIVATIONS["gelu"], **ACTIVATIONS}[c["activation_function"]]
    at = prefix + "embeddings."
    x = w[at + "word_embeddings.weight"][ids]
    x = x + w[at + "token_type_embeddings.weight"][np.zeros_like(ids) if types is None else types]
    x = layer_norm(x, w, prefix + "emb_ln", eps)
    length, base, rotated = ids.shape[1], c["rotary_emb_base"], int(d * c["rotary_emb_fraction"])
    factor, trained = c["rotary_scaling_factor"], c["max_trained_positions"]
    if factor and length > trained:
        base = base * (factor * length / trained - (factor - 1)) ** (rotated / (rotated - 2))
    cos, sin = cos_sin(c, np.arange(length)[None], [length] * length, base, None, rotated)
    hidden = [x]
    for i in range(c["n_layer"]):
        at = f"{prefix}encoder.layers.{i}."
        q, k, v = (split_heads(part, d) for part in np.split(linear(x, w, at + "attn.Wqkv"), 3, -1))
        y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, both_ways(mask), d**-0.5)
        x = layer_norm(x + linear(y, w, at + "attn.out_proj"), w, at + "norm1", eps)
        if nomic_is_mixture(c, i):
            x = layer_norm(x + nomic_mixture(c, w, at + "mlp.", x, act), w, at + "norm2", eps)
            hidden.append(x)
            continue
        if c["activation_function"].endswith("glu"):
            y = linear(x, w, at + "mlp.fc11") * act(linear(x, w, at + "mlp.fc12"))
        else:
            y = act(linear(x, w, at + "mlp.fc1"))
        x = layer_norm(x + linear(y, w, at + "mlp.fc2"), w, at + "norm2", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.tanh(linear(x[:, 0], w, "bert.pooler.dense")), w, "classifier"), hidden
    at = "cls.predictions."
    x = layer_norm(act(linear(x, w, at + "transform.dense")), w, at + "transform.layer_norm", eps)
    logits = x @ w[prefix + "embeddings.word_embeddings.weight"].T
    return logits + w.get(at + "decoder.bias", 0), hidden


FAMILIES = {"mpnet": mpnet, "electra": electra, "albert": albert, "deberta-v2": deberta_v2, "nomic_bert": nomic_bert}


# Tensors

def shapes(c, kind):
    out = {}

    def matrix(name, width, height, bias=True):
        out[name + ".weight"] = (height, width)
        if bias:
            out[name + ".bias"] = (height,)

    def norm(name, width):
        out[name + ".weight"], out[name + ".bias"] = (width,), (width,)

    family, prefix = c["model_type"], prefix_of(c, kind)
    hidden = c["n_embd"] if family == "nomic_bert" else c["hidden_size"]
    inner = c["n_inner"] if family == "nomic_bert" else c["intermediate_size"]
    narrow = c.get("embedding_size", hidden)
    at = prefix + "embeddings."
    out[at + "word_embeddings.weight"] = (c["vocab_size"], narrow)
    if family != "nomic_bert" and c.get("position_biased_input", True):
        out[at + "position_embeddings.weight"] = (c["max_position_embeddings"], narrow)
    if c.get("type_vocab_size", 0) > 0:
        out[at + "token_type_embeddings.weight"] = (c["type_vocab_size"], narrow)
    norm(prefix + "emb_ln" if family == "nomic_bert" else at + "LayerNorm",
         hidden if family == "deberta-v2" else narrow)
    labels = len(c.get("id2label", ()))
    {"mpnet": _mpnet, "electra": _electra, "albert": _albert, "deberta-v2": _deberta, "nomic_bert": _nomic}[family](
        c, kind, prefix, hidden, inner, narrow, labels, out, matrix, norm)
    return out


def _mpnet(c, kind, prefix, hidden, inner, narrow, labels, out, matrix, norm):
    out[prefix + "encoder.relative_attention_bias.weight"] = (32, c["num_attention_heads"])
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        for name in "qkvo":
            matrix(f"{at}attention.attn.{name}", hidden, hidden)
        norm(at + "attention.LayerNorm", hidden)
        matrix(at + "intermediate.dense", hidden, inner)
        matrix(at + "output.dense", inner, hidden)
        norm(at + "output.LayerNorm", hidden)
    if kind == "features":
        matrix("pooler.dense", hidden, hidden)
    if kind == "cls":
        matrix("classifier.dense", hidden, hidden)
        matrix("classifier.out_proj", hidden, labels)
    if kind == "mlm":
        matrix("lm_head.dense", hidden, hidden)
        norm("lm_head.layer_norm", hidden)
        out["lm_head.bias"] = (c["vocab_size"],)


def _electra(c, kind, prefix, hidden, inner, narrow, labels, out, matrix, norm):
    if narrow != hidden:
        matrix(prefix + "embeddings_project", narrow, hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            matrix(f"{at}attention.{name}", hidden, hidden)
        norm(at + "attention.output.LayerNorm", hidden)
        matrix(at + "intermediate.dense", hidden, inner)
        matrix(at + "output.dense", inner, hidden)
        norm(at + "output.LayerNorm", hidden)
    if kind == "cls":
        matrix("classifier.dense", hidden, hidden)
        matrix("classifier.out_proj", hidden, labels)
    if kind == "mlm":
        matrix("generator_predictions.dense", hidden, narrow)
        norm("generator_predictions.LayerNorm", narrow)
        out["generator_lm_head.bias"] = (c["vocab_size"],)


def _albert(c, kind, prefix, hidden, inner, narrow, labels, out, matrix, norm):
    matrix(prefix + "encoder.embedding_hidden_mapping_in", narrow, hidden)
    for i in range(c["num_hidden_groups"]):
        at = f"{prefix}encoder.albert_layer_groups.{i}.albert_layers.0."
        for name in ("query", "key", "value", "dense"):
            matrix(f"{at}attention.{name}", hidden, hidden)
        norm(at + "attention.LayerNorm", hidden)
        matrix(at + "ffn", hidden, inner)
        matrix(at + "ffn_output", inner, hidden)
        norm(at + "full_layer_layer_norm", hidden)
    if kind != "mlm":
        matrix(prefix + "pooler", hidden, hidden)
    if kind == "cls":
        matrix("classifier", hidden, labels)
    if kind == "mlm":
        matrix("predictions.dense", hidden, narrow)
        norm("predictions.LayerNorm", narrow)
        out["predictions.bias"] = (c["vocab_size"],)


def _deberta(c, kind, prefix, hidden, inner, narrow, labels, out, matrix, norm):
    if narrow != hidden:
        matrix(prefix + "embeddings.embed_proj", narrow, hidden, False)
    all_heads = c["num_attention_heads"] * c.get("attention_head_size", hidden // c["num_attention_heads"])
    if c["relative_attention"]:
        furthest = c["max_relative_positions"] if c["max_relative_positions"] > 0 else c["max_position_embeddings"]
        span = c["position_buckets"] if c["position_buckets"] > 0 else furthest
        out[prefix + "encoder.rel_embeddings.weight"] = (2 * span, hidden)
        if c["norm_rel_ebd"] == "layer_norm":
            norm(prefix + "encoder.LayerNorm", hidden)
    if c.get("conv_kernel_size", 0) > 0:
        out[prefix + "encoder.conv.conv.weight"] = (hidden, hidden // c["conv_groups"], c["conv_kernel_size"])
        out[prefix + "encoder.conv.conv.bias"] = (hidden,)
        norm(prefix + "encoder.conv.LayerNorm", hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        names = ["query_proj", "key_proj", "value_proj"]
        if c["relative_attention"] and not c["share_att_key"]:
            names += ["pos_key_proj"] if "c2p" in c["pos_att_type"] else []
            names += ["pos_query_proj"] if "p2c" in c["pos_att_type"] else []
        for name in names:
            matrix(f"{at}attention.self.{name}", hidden, all_heads)
        matrix(at + "attention.output.dense", all_heads, hidden)
        norm(at + "attention.output.LayerNorm", hidden)
        matrix(at + "intermediate.dense", hidden, inner)
        matrix(at + "output.dense", inner, hidden)
        norm(at + "output.LayerNorm", hidden)
    if kind == "cls":
        matrix("pooler.dense", hidden, hidden)
        matrix("classifier", hidden, labels)
    if kind == "mlm":
        dense = "cls.predictions.transform." if c["legacy"] else "lm_predictions.lm_head."
        matrix(dense + "dense", hidden, narrow)
        norm(dense + "LayerNorm", narrow)
        out["cls.predictions.bias" if c["legacy"] else "lm_predictions.lm_head.bias"] = (c["vocab_size"],)


def _nomic(c, kind, prefix, hidden, inner, narrow, labels, out, matrix, norm):
    gated = c["activation_function"].endswith("glu")
    width = (inner + 255) // 256 * 256 if gated else inner
    for i in range(c["n_layer"]):
        at = f"{prefix}encoder.layers.{i}."
        matrix(at + "attn.Wqkv", hidden, 3 * hidden, c["qkv_proj_bias"])
        matrix(at + "attn.out_proj", hidden, hidden, c["qkv_proj_bias"])
        if nomic_is_mixture(c, i):
            out[at + "mlp.router.layer.weight"] = (c["num_experts"], hidden)
            out[at + "mlp.experts.mlp.w1"] = out[at + "mlp.experts.mlp.w2"] = (c["num_experts"] * inner, hidden)
            out[at + "mlp.experts.bias"] = (hidden,)
        else:
            for name in ("fc11", "fc12") if gated else ("fc1",):
                matrix(at + "mlp." + name, hidden, width, c["mlp_fc1_bias"])
            matrix(at + "mlp.fc2", width, hidden, c["mlp_fc2_bias"])
        norm(at + "norm1", hidden)
        norm(at + "norm2", hidden)
    if kind == "cls":
        matrix("bert.pooler.dense", hidden, hidden)
        matrix("classifier", hidden, labels)
    if kind == "mlm":
        matrix("cls.predictions.transform.dense", hidden, hidden, c["mlp_fc1_bias"])
        norm("cls.predictions.transform.layer_norm", hidden)
        if c["mlp_fc1_bias"]:
            out["cls.predictions.decoder.bias"] = (c["vocab_size"],)


# Configurations

def cases(bert, labels, hidden, heads, vocabulary):
    """The tiny models, made like BERT's configuration where they are like it."""

    def without(config, *fields):
        return {name: value for name, value in config.items() if name not in fields}

    def mpnet_config(architecture):
        config = bert("mpnet", architecture, pad_token_id=1, bos_token_id=0, eos_token_id=2,
                      relative_attention_num_buckets=32)
        return without(config, "type_vocab_size", "position_embedding_type", "classifier_dropout", "use_cache")

    def electra_config(architecture, **own):
        return bert("electra", architecture, **{"embedding_size": 12, "summary_type": "first", **own})

    def albert_config(architecture, **own):
        return bert("albert", architecture, **{
            "embedding_size": 12, "hidden_act": "gelu_new", "inner_group_num": 1, "num_hidden_groups": 1,
            "num_hidden_layers": 3, **own})

    def deberta_config(architecture, **own):
        config = bert("deberta-v2", architecture, **{
            "embedding_size": hidden, "layer_norm_eps": 1e-7, "legacy": True, "max_relative_positions": -1,
            "norm_rel_ebd": "layer_norm", "pooler_hidden_act": "gelu", "pooler_hidden_size": hidden,
            "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "position_buckets": 8,
            "relative_attention": True, "share_att_key": True, "type_vocab_size": 0, **own})
        return without(config, "position_embedding_type", "classifier_dropout", "use_cache")

    def nomic_config(architecture, **own):
        return {
            "activation_function": "swiglu", "architectures": [architecture], "attn_pdrop": 0.0, "causal": False,
            "dtype": "float32", "embd_pdrop": 0.0, "initializer_range": 0.02, "layer_norm_epsilon": 1e-12,
            "max_trained_positions": 2048, "mlp_fc1_bias": False, "mlp_fc2_bias": False,
            "model_type": "nomic_bert", "n_embd": hidden, "n_head": heads, "n_inner": 24, "n_layer": 2,
            "n_positions": 64, "pad_token_id": 0, "pad_vocab_size_multiple": 1, "parallel_block": False,
            "prenorm": False, "qkv_proj_bias": False, "resid_pdrop": 0.0, "rotary_emb_base": 1000,
            "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": False, "rotary_emb_scale_base": None,
            "rotary_scaling_factor": None, "type_vocab_size": 2, "use_rms_norm": False,
            "vocab_size": vocabulary, **labels(architecture), **own}

    return {
        "mpnet_features": mpnet_config("MPNetModel"),
        "mpnet_mlm": mpnet_config("MPNetForMaskedLM"),
        "mpnet_cls": mpnet_config("MPNetForSequenceClassification"),
        "electra_mlm": electra_config("ElectraForMaskedLM", hidden_act="relu"),
        "electra_cls": electra_config("ElectraForSequenceClassification", embedding_size=hidden),
        "albert_mlm": albert_config("AlbertForMaskedLM"),
        "albert_cls": albert_config("AlbertForSequenceClassification", num_hidden_groups=2),
        "albert_features": albert_config("AlbertModel"),
        "deberta_v2_cls": deberta_config("DebertaV2ForSequenceClassification"),
        "deberta_v2_own_keys": deberta_config(
            "DebertaV2ForSequenceClassification", share_att_key=False, position_buckets=-1, norm_rel_ebd="none",
            max_relative_positions=6, type_vocab_size=2, position_biased_input=True),
        "deberta_v2_conv": deberta_config(
            "DebertaV2ForMaskedLM", conv_kernel_size=3, conv_act="gelu", conv_groups=2, embedding_size=12,
            pos_att_type="c2p"),
        "deberta_v2_p2c": deberta_config("DebertaV2ForMaskedLM", legacy=False, pos_att_type=["p2c"]),
        "deberta_v2_plain": deberta_config(
            "DebertaV2ForSequenceClassification", relative_attention=False, pos_att_type=[],
            position_biased_input=True),
        "nomic_bert_features": nomic_config("NomicBertModel"),
        "nomic_bert_mlm": nomic_config(
            "NomicBertForPreTraining", activation_function="gelu", mlp_fc1_bias=True, mlp_fc2_bias=True,
            qkv_proj_bias=True, rotary_emb_fraction=0.5, rotary_scaling_factor=2.0, max_trained_positions=16,
            n_head=2),
        "nomic_bert_moe": nomic_config(
            "NomicBertForPreTraining", activation_function="gelu", mlp_fc1_bias=True, mlp_fc2_bias=True,
            qkv_proj_bias=True, moe_every_n_layers=2, num_experts=4, moe_top_k=2, num_shared_experts=0,
            expert_choice_router=False, ffn_div=1, moe_normalize_expert_weights=False, type_vocab_size=1),
    }
