"""The tensors a checkpoint of each family stores."""

import branches
import distances
import gemmas
import gpts
import gte
import hybrid_decoders
import interleaved_decoders
import later_decoders
import later_encoders
import later_mixtures
import mixtures
import newer_decoders
import newest_encoders


def decoder_shapes(c):
    kind = c["model_type"]
    if kind in interleaved_decoders.FAMILIES:
        return interleaved_decoders.shapes(c)
    if kind in hybrid_decoders.FAMILIES:
        return hybrid_decoders.shapes(c)
    if mixtures.family(c) is not None:
        return mixtures.family(c)(c).shapes()
    if kind in branches.FAMILIES:
        return branches.shapes(c)
    if kind in later_mixtures.FAMILIES:
        return later_mixtures.shapes(c)
    if kind in gpts.FAMILIES:
        return gpts.shapes(c)
    if kind in distances.FAMILIES:
        return distances.shapes(c)
    if kind in gemmas.FAMILIES:
        return gemmas.shapes(c)
    if kind in newer_decoders.FAMILIES:
        return newer_decoders.shapes(c)
    if kind in later_decoders.FAMILIES:
        return later_decoders.shapes(c)
    if kind == "gpt2":
        return _gpt2(c)
    if kind == "gpt_neox":
        return _gpt_neox(c)
    hidden, inner, vocabulary = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    d = c.get("head_dim") or hidden // c["num_attention_heads"]
    q, kv = c["num_attention_heads"] * d, c["num_key_value_heads"] * d
    bias, mlp_bias = c.get("attention_bias", False), c.get("mlp_bias", False)
    out = {"model.embed_tokens.weight": (vocabulary, hidden), "model.norm.weight": (hidden,)}
    if not c.get("tie_word_embeddings", kind in ("gemma2", "gemma3_text", "smollm3")):
        out["lm_head.weight"] = (vocabulary, hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}."
        norms = ["post_attention_layernorm"]
        norms += [] if kind == "olmo2" else ["input_layernorm"]
        norms += ["post_feedforward_layernorm"] if kind in ("olmo2", "gemma2", "gemma3_text") else []
        norms += ["pre_feedforward_layernorm"] if kind in ("gemma2", "gemma3_text") else []
        out |= {f"{at}{norm}.weight": (hidden,) for norm in norms}
        if kind == "phi3":
            out[at + "self_attn.qkv_proj.weight"] = (q + 2 * kv, hidden)
            out[at + "mlp.gate_up_proj.weight"] = (2 * inner, hidden)
        else:
            _linear(out, at + "self_attn.q_proj", hidden, q, bias or kind == "qwen2")
            _linear(out, at + "self_attn.k_proj", hidden, kv, bias or kind == "qwen2")
            _linear(out, at + "self_attn.v_proj", hidden, kv, bias or kind == "qwen2")
            _linear(out, at + "mlp.gate_proj", hidden, inner, mlp_bias)
            _linear(out, at + "mlp.up_proj", hidden, inner, mlp_bias)
        _linear(out, at + "self_attn.o_proj", q, hidden, bias)
        _linear(out, at + "mlp.down_proj", inner, hidden, mlp_bias)
        if kind in ("qwen3", "gemma3_text", "olmo2"):
            out[at + "self_attn.q_norm.weight"] = (q if kind == "olmo2" else d,)
            out[at + "self_attn.k_norm.weight"] = (kv if kind == "olmo2" else d,)
    return out


def _gpt2(c):
    hidden, inner = c["n_embd"], c["n_inner"] or 4 * c["n_embd"]
    out = {"transformer.wte.weight": (c["vocab_size"], hidden),
           "transformer.wpe.weight": (c["n_positions"], hidden)}
    _norm(out, "transformer.ln_f", hidden)
    for i in range(c["n_layer"]):
        at = f"transformer.h.{i}."
        _norm(out, at + "ln_1", hidden)
        _norm(out, at + "ln_2", hidden)
        for name, width, height in (("attn.c_attn", hidden, 3 * hidden), ("attn.c_proj", hidden, hidden),
                                    ("mlp.c_fc", hidden, inner), ("mlp.c_proj", inner, hidden)):
            out[f"{at}{name}.weight"], out[f"{at}{name}.bias"] = (width, height), (height,)
    return out


def _gpt_neox(c):
    hidden, inner, bias = c["hidden_size"], c["intermediate_size"], c["attention_bias"]
    out = {"gpt_neox.embed_in.weight": (c["vocab_size"], hidden), "embed_out.weight": (c["vocab_size"], hidden)}
    _norm(out, "gpt_neox.final_layer_norm", hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"gpt_neox.layers.{i}."
        _norm(out, at + "input_layernorm", hidden)
        _norm(out, at + "post_attention_layernorm", hidden)
        _linear(out, at + "attention.query_key_value", hidden, 3 * hidden, bias)
        _linear(out, at + "attention.dense", hidden, hidden, bias)
        _linear(out, at + "mlp.dense_h_to_4h", hidden, inner)
        _linear(out, at + "mlp.dense_4h_to_h", inner, hidden)
    return out


def encoder_shapes(c, kind):
    if c["model_type"] in ("new", "gte"):
        return gte.shapes(c, kind)
    if c["model_type"] in newest_encoders.FAMILIES or c.get("position_embedding_type") == "rotary":
        return newest_encoders.shapes(c, kind)
    if c["model_type"] in later_encoders.FAMILIES:
        return later_encoders.shapes(c, kind)
    family = {"bert": _bert, "roberta": _bert, "xlm-roberta": _bert, "distilbert": _distilbert,
              "modernbert": _modernbert}[c["model_type"]]
    out = family(c, kind)
    return newest_encoders.flash_shapes(out) if c.get("use_flash_attn") else out


def _bert(c, kind):
    hidden, inner = c["hidden_size"], c["intermediate_size"]
    is_bert = c["model_type"] == "bert"
    prefix = "" if kind == "features" else "bert." if is_bert else "roberta."
    out = {prefix + "embeddings.word_embeddings.weight": (c["vocab_size"], hidden),
           prefix + "embeddings.position_embeddings.weight": (c["max_position_embeddings"], hidden),
           prefix + "embeddings.token_type_embeddings.weight": (c["type_vocab_size"], hidden)}
    _norm(out, prefix + "embeddings.LayerNorm", hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        for name in ("query", "key", "value"):
            _linear(out, f"{at}attention.self.{name}", hidden, hidden)
        _linear(out, at + "attention.output.dense", hidden, hidden)
        _norm(out, at + "attention.output.LayerNorm", hidden)
        _linear(out, at + "intermediate.dense", hidden, inner)
        _linear(out, at + "output.dense", inner, hidden)
        _norm(out, at + "output.LayerNorm", hidden)
    if kind == "features" or (kind == "cls" and is_bert):
        _linear(out, prefix + "pooler.dense", hidden, hidden)
    if kind == "mlm":
        _linear(out, "lm_head.dense", hidden, hidden)
        _norm(out, "lm_head.layer_norm", hidden)
        out["lm_head.bias"] = (c["vocab_size"],)
    if kind == "cls":
        _linear(out, "classifier.dense", hidden, hidden)
        _linear(out, "classifier.out_proj", hidden, len(c["id2label"]))
    return out


def _distilbert(c, kind):
    hidden, inner, prefix = c["dim"], c["hidden_dim"], "distilbert."
    out = {prefix + "embeddings.word_embeddings.weight": (c["vocab_size"], hidden),
           prefix + "embeddings.position_embeddings.weight": (c["max_position_embeddings"], hidden)}
    _norm(out, prefix + "embeddings.LayerNorm", hidden)
    for i in range(c["n_layers"]):
        at = f"{prefix}transformer.layer.{i}."
        for name in ("q_lin", "k_lin", "v_lin", "out_lin"):
            _linear(out, at + "attention." + name, hidden, hidden)
        _norm(out, at + "sa_layer_norm", hidden)
        _linear(out, at + "ffn.lin1", hidden, inner)
        _linear(out, at + "ffn.lin2", inner, hidden)
        _norm(out, at + "output_layer_norm", hidden)
    if kind == "mlm":
        _linear(out, "vocab_transform", hidden, hidden)
        _norm(out, "vocab_layer_norm", hidden)
        out["vocab_projector.bias"] = (c["vocab_size"],)
    else:
        _linear(out, "pre_classifier", hidden, hidden)
        _linear(out, "classifier", hidden, len(c["id2label"]))
    return out


def _modernbert(c, kind):
    hidden, inner, biased = c["hidden_size"], c["intermediate_size"], c["norm_bias"]
    prefix = "" if kind == "features" else "model."
    out = {prefix + "embeddings.tok_embeddings.weight": (c["vocab_size"], hidden)}
    _norm(out, prefix + "embeddings.norm", hidden, biased)
    _norm(out, prefix + "final_norm", hidden, biased)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        if i > 0:
            _norm(out, at + "attn_norm", hidden, biased)
        _norm(out, at + "mlp_norm", hidden, biased)
        _linear(out, at + "attn.Wqkv", hidden, 3 * hidden, c["attention_bias"])
        _linear(out, at + "attn.Wo", hidden, hidden, c["attention_bias"])
        _linear(out, at + "mlp.Wi", hidden, 2 * inner, c["mlp_bias"])
        _linear(out, at + "mlp.Wo", inner, hidden, c["mlp_bias"])
    if kind == "cls":
        _linear(out, "head.dense", hidden, hidden, c["classifier_bias"])
        _norm(out, "head.norm", hidden, biased)
        _linear(out, "classifier", hidden, len(c["id2label"]))
    return out


def _linear(out, name, width, height, bias=True):
    out[name + ".weight"] = (height, width)
    if bias:
        out[name + ".bias"] = (height,)


def _norm(out, name, width, bias=True):
    out[name + ".weight"] = (width,)
    if bias:
        out[name + ".bias"] = (width,)
