"""Forward passes of the decoder families, one function a family, written from the definitions."""

import math

import numpy as np

import branches
import distances
import gemmas
import gpts
import hybrid_decoders
import interleaved_decoders
import later_decoders
import later_mixtures
import mixtures
import newer_decoders
from parts import (ACTIVATIONS, attend, causal, layer_norm, linear, rms_norm, rotate, split_heads)
from rotary import cos_sin


def _head_dim(c):
    return c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]


def _tables(c, positions, lengths, theta=None, scaling="own"):
    return cos_sin(c, positions, lengths, theta if theta is not None else c.get("rope_theta", 10000.0),
                   c.get("rope_scaling") if scaling == "own" else scaling, _head_dim(c),
                   c.get("partial_rotary_factor", 1.0))


def _gated(x, w, at, act):
    return linear(ACTIVATIONS[act](linear(x, w, at + "gate_proj")) * linear(x, w, at + "up_proj"),
                  w, at + "down_proj")


def _projections(x, w, at, c):
    d = _head_dim(c)
    return [split_heads(linear(x, w, at + name + "_proj"), d) for name in "qkv"]


def _logits(c, w, x, tied_default):
    tied = c.get("tie_word_embeddings", tied_default)
    return x @ (w["model.embed_tokens.weight"] if tied else w["lm_head.weight"]).T


def _pre_norm_stack(c, w, x, layer_attention, layer_mlp, multiplier=1.0):
    """Llama's layer: norm, attention, add, norm, MLP, add."""
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        y = rms_norm(x, w[at + "input_layernorm.weight"], c["rms_norm_eps"])
        x = x + multiplier * layer_attention(i, y, at + "self_attn.")
        y = rms_norm(x, w[at + "post_attention_layernorm.weight"], c["rms_norm_eps"])
        x = x + multiplier * layer_mlp(y, at + "mlp.")
        hidden.append(x)
    hidden[-1] = rms_norm(x, w["model.norm.weight"], c["rms_norm_eps"])
    return hidden


def _llama_like(c, w, ids, mask, positions, lengths, *, tied_default, window=lambda i: None,
                uses_rope=lambda i: True, head_norm=False, embed=1.0, scale=None, residual=1.0,
                logit_divisor=1.0):
    cos, sin = _tables(c, positions, lengths)
    scale = _head_dim(c) ** -0.5 if scale is None else scale

    def attention(i, x, at):
        q, k, v = _projections(x, w, at, c)
        if head_norm:
            q = rms_norm(q, w[at + "q_norm.weight"], c["rms_norm_eps"])
            k = rms_norm(k, w[at + "k_norm.weight"], c["rms_norm_eps"])
        if uses_rope(i):
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        return linear(attend(q, k, v, causal(mask, window(i)), scale), w, at + "o_proj")

    x = w["model.embed_tokens.weight"][ids] * embed
    hidden = _pre_norm_stack(
        c, w, x, attention, lambda y, at: _gated(y, w, at, c.get("hidden_act", "silu")), residual)
    return _logits(c, w, hidden[-1], tied_default) / logit_divisor, hidden


def llama(c, w, *inputs):
    return _llama_like(c, w, *inputs, tied_default=False)


def mistral(c, w, *inputs):
    return _llama_like(c, w, *inputs, tied_default=False,
                       window=lambda i: c.get("sliding_window", 4096))


def _qwen_window(c):
    size = c.get("sliding_window", 4096) if c.get("use_sliding_window", False) else None
    types = c.get("layer_types") or [
        "sliding_attention" if size is not None and i >= c.get("max_window_layers", 28)
        else "full_attention" for i in range(c["num_hidden_layers"])]
    return lambda i: size if types[i] == "sliding_attention" else None


def qwen2(c, w, *inputs):
    return _llama_like(c, w, *inputs, tied_default=False, window=_qwen_window(c))


def qwen3(c, w, *inputs):
    c = {"head_dim": 128, **c}
    return _llama_like(c, w, *inputs, tied_default=False, window=_qwen_window(c), head_norm=True)


def smollm3(c, w, *inputs):
    c = {"rope_theta": 2000000.0, **c}
    count, every = c["num_hidden_layers"], c.get("no_rope_layer_interval", 4)
    rope = c.get("no_rope_layers") or [int((i + 1) % every != 0) for i in range(count)]
    size = c.get("sliding_window") if c.get("use_sliding_window", False) else None
    types = c.get("layer_types") or [
        "sliding_attention" if size is not None and not rope[i] else "full_attention"
        for i in range(count)]
    return _llama_like(
        c, w, *inputs, tied_default=True, uses_rope=lambda i: rope[i],
        window=lambda i: size if types[i] == "sliding_attention" else None)


def granite(c, w, *inputs):
    return _llama_like(
        c, w, *inputs, tied_default=False, embed=c.get("embedding_multiplier", 1.0),
        scale=c.get("attention_multiplier", 1.0), residual=c.get("residual_multiplier", 1.0),
        logit_divisor=c.get("logits_scaling", 1.0))


def phi3(c, w, ids, mask, positions, lengths):
    # The configuration class's default.
    c = {"original_max_position_embeddings": 4096, **c}
    cos, sin = _tables(c, positions, lengths)
    d = _head_dim(c)
    queries, keys = c["num_attention_heads"] * d, c["num_key_value_heads"] * d

    def attention(i, x, at):
        qkv = linear(x, w, at + "qkv_proj")
        q, k, v = (split_heads(part, d) for part in
                   (qkv[..., :queries], qkv[..., queries : queries + keys], qkv[..., queries + keys :]))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        allowed = causal(mask, c.get("sliding_window"))
        return linear(attend(q, k, v, allowed, d**-0.5), w, at + "o_proj")

    def mlp(x, at):
        gate, up = np.split(linear(x, w, at + "gate_up_proj"), 2, -1)
        return linear(up * ACTIVATIONS[c["hidden_act"]](gate), w, at + "down_proj")

    hidden = _pre_norm_stack(c, w, w["model.embed_tokens.weight"][ids], attention, mlp)
    return _logits(c, w, hidden[-1], False), hidden


def olmo2(c, w, ids, mask, positions, lengths):
    cos, sin = _tables(c, positions, lengths)
    d, eps = _head_dim(c), c["rms_norm_eps"]
    x = w["model.embed_tokens.weight"][ids]
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        q, k, v = (linear(x, w, f"{at}self_attn.{name}_proj") for name in "qkv")
        q = split_heads(rms_norm(q, w[at + "self_attn.q_norm.weight"], eps), d)
        k = split_heads(rms_norm(k, w[at + "self_attn.k_norm.weight"], eps), d)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = attend(q, k, split_heads(v, d), causal(mask), d**-0.5)
        y = linear(y, w, at + "self_attn.o_proj")
        x = x + rms_norm(y, w[at + "post_attention_layernorm.weight"], eps)
        y = _gated(x, w, at + "mlp.", c.get("hidden_act", "silu"))
        x = x + rms_norm(y, w[at + "post_feedforward_layernorm.weight"], eps)
        hidden.append(x)
    hidden[-1] = rms_norm(x, w["model.norm.weight"], eps)
    return _logits(c, w, hidden[-1], False), hidden


def _gemma(c, w, ids, mask, positions, tables, types, head_norm):
    d, eps = c.get("head_dim", 256), c["rms_norm_eps"]
    scale = c.get("query_pre_attn_scalar", 256) ** -0.5
    attention_cap = c.get("attn_logit_softcapping")

    def norm(x, name):
        return rms_norm(x, 1 + w[name + ".weight"], eps)

    x = w["model.embed_tokens.weight"][ids] * math.sqrt(c["hidden_size"])
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        q, k, v = _projections(norm(x, at + "input_layernorm"), w, at + "self_attn.", {**c, "head_dim": d})
        if head_norm:
            q, k = norm(q, at + "self_attn.q_norm"), norm(k, at + "self_attn.k_norm")
        cos, sin = tables[types[i]]
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        window = c.get("sliding_window", 4096) if types[i] == "sliding_attention" else None
        y = attend(q, k, v, causal(mask, window), scale, attention_cap)
        x = x + norm(linear(y, w, at + "self_attn.o_proj"), at + "post_attention_layernorm")
        y = norm(x, at + "pre_feedforward_layernorm")
        y = _gated(y, w, at + "mlp.", c.get("hidden_activation", "gelu_pytorch_tanh"))
        x = x + norm(y, at + "post_feedforward_layernorm")
        hidden.append(x)
    hidden[-1] = norm(x, "model.norm")
    logits, cap = _logits(c, w, hidden[-1], True), c.get("final_logit_softcapping")
    return (logits if cap is None else np.tanh(logits / cap) * cap), hidden


def gemma2(c, w, ids, mask, positions, lengths):
    # Unlike null, an absent field stands for the class default.
    c = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0, "head_dim": 256, **c}
    types = c.get("layer_types") or [
        "sliding_attention" if (i + 1) % 2 else "full_attention" for i in range(c["num_hidden_layers"])]
    table = _tables(c, positions, lengths)
    tables = {"sliding_attention": table, "full_attention": table}
    return _gemma(c, w, ids, mask, positions, tables, types, False)


def gemma3_text(c, w, ids, mask, positions, lengths):
    c = {"rope_theta": 1000000.0, "head_dim": 256, **c}
    every = c.get("sliding_window_pattern", 6)
    types = c.get("layer_types") or [
        "sliding_attention" if (i + 1) % every else "full_attention" for i in range(c["num_hidden_layers"])]
    tables = {
        "full_attention": _tables(c, positions, lengths),
        "sliding_attention": _tables(c, positions, lengths, c.get("rope_local_base_freq", 10000.0), None),
    }
    return _gemma(c, w, ids, mask, positions, tables, types, True)


def gpt2(c, w, ids, mask, positions, lengths):
    eps, d = c["layer_norm_epsilon"], c["n_embd"] // c["n_head"]

    def conv1d(x, name):
        return x @ w[name + ".weight"] + w[name + ".bias"]

    x = w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][positions]
    hidden = [x]
    for i in range(c["n_layer"]):
        at = f"transformer.h.{i}."
        qkv = conv1d(layer_norm(x, w, at + "ln_1", eps), at + "attn.c_attn")
        q, k, v = (split_heads(part, d) for part in np.split(qkv, 3, -1))
        scale = d**-0.5 if c.get("scale_attn_weights", True) else 1.0
        if c.get("scale_attn_by_inverse_layer_idx", False):
            scale /= i + 1
        x = x + conv1d(attend(q, k, v, causal(mask), scale), at + "attn.c_proj")
        y = conv1d(layer_norm(x, w, at + "ln_2", eps), at + "mlp.c_fc")
        x = x + conv1d(ACTIVATIONS[c.get("activation_function", "gelu_new")](y), at + "mlp.c_proj")
        hidden.append(x)
    hidden[-1] = layer_norm(x, w, "transformer.ln_f", eps)
    tied = c.get("tie_word_embeddings", True)
    return hidden[-1] @ (w["transformer.wte.weight"] if tied else w["lm_head.weight"]).T, hidden


def gpt_neox(c, w, ids, mask, positions, lengths):
    eps, d = c["layer_norm_eps"], c["hidden_size"] // c["num_attention_heads"]
    cos, sin = cos_sin(c, positions, lengths, c.get("rotary_emb_base", c.get("rope_theta", 10000)),
                       c.get("rope_scaling"), d, c.get("rotary_pct", 0.25))
    x = w["gpt_neox.embed_in.weight"][ids]
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"gpt_neox.layers.{i}."
        qkv = linear(layer_norm(x, w, at + "input_layernorm", eps), w, at + "attention.query_key_value")
        # Head by head: query, key and value of the first head come first.
        q, k, v = np.split(split_heads(qkv, 3 * d), 3, -1)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = linear(attend(q, k, v, causal(mask), d**-0.5), w, at + "attention.dense")

        def mlp(z):
            z = linear(layer_norm(z, w, at + "post_attention_layernorm", eps), w, at + "mlp.dense_h_to_4h")
            return linear(ACTIVATIONS[c.get("hidden_act", "gelu")](z), w, at + "mlp.dense_4h_to_h")

        if c.get("use_parallel_residual", True):
            x = x + y + mlp(x)
        else:
            x = x + y
            x = x + mlp(x)
        hidden.append(x)
    hidden[-1] = layer_norm(x, w, "gpt_neox.final_layer_norm", eps)
    tied = c.get("tie_word_embeddings", False)
    return hidden[-1] @ w["gpt_neox.embed_in.weight" if tied else "embed_out.weight"].T, hidden


FAMILIES = {f.__name__: f for f in (llama, mistral, qwen2, qwen3, smollm3, granite, phi3, olmo2, gemma2,
                                    gemma3_text, gpt2, gpt_neox)}
FAMILIES |= later_decoders.PASSES | interleaved_decoders.PASSES | hybrid_decoders.PASSES | mixtures.PASSES
FAMILIES |= branches.PASSES | later_mixtures.PASSES | newer_decoders.PASSES | gemmas.PASSES | gpts.PASSES | distances.PASSES
