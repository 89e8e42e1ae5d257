"""The encoders of gte, whose model type is "new" or "gte": BERT with rotary positions and gated MLPs."""

import numpy as np

from parts import ACTIVATIONS, attend, both_ways, layer_norm, linear, rotate, split_heads


def run(c, w, ids, mask, types, kind):
    prefix, eps = "" if kind == "features" else "new.", c["layer_norm_eps"]
    d, act, at = c["hidden_size"] // c["num_attention_heads"], ACTIVATIONS[c["hidden_act"]], prefix + "embeddings."
    x = w[at + "word_embeddings.weight"][ids]
    if c["type_vocab_size"] > 0:
        x = x + w[at + "token_type_embeddings.weight"][np.zeros_like(ids) if types is None else types]
    x = layer_norm(x, w, at + "LayerNorm", eps)
    base, scaling = c["rope_theta"], c.get("rope_scaling")
    inverse = (base * (scaling["factor"] if scaling else 1)) ** -(np.arange(0, d, 2) / d)
    if scaling:
        inverse = inverse / scaling["factor"] ** (2 / d)
    angles = np.arange(ids.shape[1])[None, :, None] * inverse
    cos, sin = (f(np.concatenate([angles, angles], -1)) for f in (np.cos, np.sin))
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        if c["pack_qkv"]:
            parts = np.split(linear(x, w, at + "attention.qkv_proj"), 3, -1)
        else:
            parts = [linear(x, w, f"{at}attention.{n}_proj") for n in "qkv"]
        q, k, v = (split_heads(part, d) for part in parts)
        y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, both_ways(mask), d**-0.5)
        x = layer_norm(x + linear(y, w, at + "attention.o_proj"), w, at + "attn_ln", eps)
        up, gate = np.split(linear(x, w, at + "mlp.up_gate_proj"), 2, -1)
        x = layer_norm(x + linear(act(gate) * up, w, at + "mlp.down_proj"), w, at + "mlp_ln", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.tanh(linear(x[:, 0], w, "new.pooler.dense")), w, "classifier"), hidden
    x = layer_norm(act(linear(x, w, "lm_head.dense")), w, "lm_head.norm", eps)
    return x @ w["new.embeddings.word_embeddings.weight"].T + w["lm_head.decoder.bias"], hidden


def shapes(c, kind):
    prefix, hidden, inner, out = "" if kind == "features" else "new.", c["hidden_size"], c["intermediate_size"], {}

    def matrix(name, wide, high, bias=True):
        out[name + ".weight"] = (high, wide)
        if bias:
            out[name + ".bias"] = (high,)

    def norm(name):
        out[name + ".weight"] = out[name + ".bias"] = (hidden,)

    out[prefix + "embeddings.word_embeddings.weight"] = (c["vocab_size"], hidden)
    if c["type_vocab_size"] > 0:
        out[prefix + "embeddings.token_type_embeddings.weight"] = (c["type_vocab_size"], hidden)
    norm(prefix + "embeddings.LayerNorm")
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        if c["pack_qkv"]:
            matrix(at + "attention.qkv_proj", hidden, 3 * hidden)
        else:
            for n in "qkv":
                matrix(f"{at}attention.{n}_proj", hidden, hidden)
        matrix(at + "attention.o_proj", hidden, hidden)
        matrix(at + "mlp.up_gate_proj", hidden, 2 * inner, False)
        matrix(at + "mlp.down_proj", inner, hidden)
        norm(at + "attn_ln")
        norm(at + "mlp_ln")
    if kind == "cls":
        matrix("new.pooler.dense", hidden, hidden)
        matrix("classifier", hidden, len(c["id2label"]))
    if kind == "mlm":
        matrix("lm_head.dense", hidden, hidden)
        norm("lm_head.norm")
        out["lm_head.decoder.bias"] = (c["vocab_size"],)
    return out


def cases(bert):
    def gte(architecture, model_type="new", **own):
        return bert(model_type, architecture, **{
            "layer_norm_type": "layer_norm", "logn_attention_scale": False, "pack_qkv": True,
            "position_embedding_type": "rope", "rope_theta": 100.0, "unpad_inputs": False,
            "use_memory_efficient_attention": False, **own})

    return {
        "gte_features": gte("NewModel", type_vocab_size=0, rope_scaling={"factor": 2.0, "type": "ntk"}),
        "gte_snowflake_features": gte(
            "GteModel", "gte", logn_attention_clip1=False, matryoshka_dimensions=[8], pad_token_id=1,
            rope_scaling=None, type_vocab_size=1, unpad_inputs="true", use_memory_efficient_attention="true"),
        "gte_mlm": gte("NewForMaskedLM", pack_qkv=False),
        "gte_cls": gte("NewForSequenceClassification", rope_scaling={"factor": 8.0, "type": "ntk"}),
    }
