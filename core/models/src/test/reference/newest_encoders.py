"""
Encoders of 2025 and 2026: EuroBERT, Jina embeddings 3, T5's encoder alone, and OpenAI's privacy filter.
Passes return what the saved class does (logits of tokens or classes, or the last hidden state), and all
hidden states.
"""

import numpy as np

from later_decoders import Experts, rotate_pairs
from later_encoders import distances, mpnet_bucket
from mixtures import attend_with_sinks
from parts import (ACTIVATIONS, attend, both_ways, layer_norm, linear, merge_heads, rms_norm, rotate, softmax,
                   split_heads)
from rotary import cos_sin


def _tables(c, ids, theta):
    positions = np.arange(ids.shape[1])[None]
    d = c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]
    return cos_sin(c, positions, [ids.shape[1]] * ids.shape[1], theta, c.get("rope_scaling"), d)


def eurobert(c, w, ids, mask, types, kind):
    prefix, eps = ("" if kind == "features" else "model."), c["rms_norm_eps"]
    d, act = c["head_dim"], ACTIVATIONS[c["hidden_act"]]
    cos, sin = _tables(c, ids, c["rope_parameters"]["rope_theta"])
    x = w[prefix + "embed_tokens.weight"][ids]
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        y = rms_norm(x, w[at + "input_layernorm.weight"], eps)
        q, k, v = (split_heads(linear(y, w, f"{at}self_attn.{n}_proj"), d) for n in "qkv")
        y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, both_ways(mask), d**-0.5)
        x = x + linear(y, w, at + "self_attn.o_proj")
        y = rms_norm(x, w[at + "post_attention_layernorm.weight"], eps)
        x = x + linear(act(linear(y, w, at + "mlp.gate_proj")) * linear(y, w, at + "mlp.up_proj"), w,
                       at + "mlp.down_proj")
        hidden.append(x)
    x = hidden[-1] = rms_norm(x, w[prefix + "norm.weight"], eps)
    if kind == "features":
        return x, hidden
    if kind == "mlm":
        head = "model.embed_tokens.weight" if c["tie_word_embeddings"] else "lm_head.weight"
        return x @ w[head].T + w.get("lm_head.bias", 0), hidden

    def mean(y):
        return (y * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)

    def logits(y):
        return linear(ACTIVATIONS["gelu"](linear(y, w, "dense")), w, "classifier")

    if c["classifier_pooling"] == "late":
        return mean(logits(x)), hidden
    return logits(x[:, 0] if c["classifier_pooling"] == "bos" else mean(x)), hidden


def published_jina(c, w, ids, mask, types, kind):
    """The remote code: rotary base under another name, weights as parametrizations."""
    plain = {name.replace(".parametrizations.weight.original", ".weight"): tensor for name, tensor in w.items()}
    if kind == "features":
        plain = {name.removeprefix("roberta."): tensor for name, tensor in plain.items()}
    own = {"rope_parameters": {"rope_theta": c["rotary_emb_base"], "rope_type": "default"}}
    return jina({**c, **own}, plain, ids, mask, types, kind)


def with_task(c, w, task):
    """Weights with a task's matrices added: W + B A, and W + A B of embeddings."""
    added = dict(w)
    for name, a in w.items():
        if name.endswith(".0.lora_A"):
            b = w[name.replace("lora_A", "lora_B")]
            product = a[task] @ b[task] if "_embeddings." in name else b[task] @ a[task]
            original = name.replace("0.lora_A", "original")
            added[original] = w[original] + c["lora_alpha"] / c["lora_rank"] * product
    return added


FLASH = {"emb_ln.": "embeddings.LayerNorm.", "encoder.layers.": "encoder.layer.",
         ".mixer.out_proj.": ".attention.output.dense.", ".norm1.": ".attention.output.LayerNorm.",
         ".norm2.": ".output.LayerNorm.", ".mlp.fc1.": ".intermediate.dense.", ".mlp.fc2.": ".output.dense."}


def without_flash(w):
    """Weights of the remote code of jina-reranker-v2 under XLM-RoBERTa's names."""
    plain = {}
    for name, tensor in w.items():
        for flash, own in FLASH.items():
            name = name.replace(flash, own)
        if ".mixer.Wqkv." in name:
            for part, rows in zip(("query", "key", "value"), np.split(tensor, 3)):
                plain[name.replace("mixer.Wqkv", "attention.self." + part)] = rows
        else:
            plain[name] = tensor
    return plain


def flash_shapes(plain):
    """Shapes under the names of the remote code."""
    out = {}
    for name, shape in plain.items():
        if ".attention.self.query." in name:
            name, shape = name.replace("attention.self.query", "mixer.Wqkv"), (3 * shape[0], *shape[1:])
        if ".attention.self." not in name:
            for flash, own in FLASH.items():
                name = name if own == ".output.dense." and ".attention." in name else name.replace(own, flash)
            out[name] = shape
    return out


def jina(c, w, ids, mask, types, kind):
    prefix, eps = ("" if kind == "features" else "roberta."), c["layer_norm_eps"]
    d, act = c["hidden_size"] // c["num_attention_heads"], ACTIVATIONS[c["hidden_act"]]
    cos, sin = _tables(c, ids, c["rope_parameters"]["rope_theta"])
    at = prefix + "embeddings."
    x = w[at + "word_embeddings.weight"][ids] + w[at + "token_type_embeddings.weight"][
        np.zeros_like(ids) if types is None else types]
    x = layer_norm(x, w, prefix + "emb_ln", eps)
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layers.{i}."
        q, k, v = (split_heads(part, d) for part in np.split(linear(x, w, at + "mixer.Wqkv"), 3, -1))
        y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, both_ways(mask), d**-0.5)
        x = layer_norm(x + linear(y, w, at + "mixer.out_proj"), w, at + "norm1", eps)
        y = linear(act(linear(x, w, at + "mlp.fc1")), w, at + "mlp.fc2")
        x = layer_norm(x + y, w, at + "norm2", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.tanh(linear(x[:, 0], w, "classifier.dense")), w, "classifier.out_proj"), hidden
    x = layer_norm(ACTIVATIONS["gelu"](linear(x, w, "lm_head.dense")), w, "lm_head.layer_norm", eps)
    return x @ w["roberta.embeddings.word_embeddings.weight"].T + w["lm_head.bias"], hidden


def t5(c, w, ids, mask, types, kind):
    """T5's encoder: a bias by distance, scores without a factor, RMS norms before branches."""
    eps, d = c["layer_norm_epsilon"], c["d_kv"]
    count, furthest = c["relative_attention_num_buckets"], c["relative_attention_max_distance"]
    rows = np.vectorize(lambda distance: mpnet_bucket(distance, count, furthest))(distances(ids.shape[1]))
    x = w["shared.weight"][ids]
    hidden = [x]
    for i in range(c["num_layers"]):
        at = f"encoder.block.{i}.layer."
        table = f"encoder.block.{i if c['model_type'] == 'umt5' else 0}.layer.0.SelfAttention.relative_attention_bias"
        y = rms_norm(x, w[at + "0.layer_norm.weight"], eps)
        q, k, v = (split_heads(linear(y, w, f"{at}0.SelfAttention.{n}"), d) for n in "qkv")
        scores = q @ k.swapaxes(-1, -2) + w[table + ".weight"][rows].transpose(2, 0, 1)[None]
        scores = np.where(both_ways(mask)[:, None], scores, -np.inf)
        x = x + linear(merge_heads(softmax(scores) @ v), w, at + "0.SelfAttention.o")
        y = rms_norm(x, w[at + "1.layer_norm.weight"], eps)
        mlp = at + "1.DenseReluDense."
        if c["feed_forward_proj"] == "gated-gelu":
            y = ACTIVATIONS["gelu_new"](linear(y, w, mlp + "wi_0")) * linear(y, w, mlp + "wi_1")
        else:
            y = ACTIVATIONS[c["feed_forward_proj"]](linear(y, w, mlp + "wi"))
        x = x + linear(y, w, mlp + "wo")
        hidden.append(x)
    hidden[-1] = rms_norm(x, w["encoder.final_layer_norm.weight"], eps)
    return hidden[-1], hidden


def privacy_filter(c, w, ids, mask, types, kind):
    """gpt-oss seen both ways: a band, neighbors rotated, gate and up side by side, the softmax of the chosen."""
    prefix, eps, d, reach = ("" if kind == "features" else "model."), c["rms_norm_eps"], c["head_dim"], c["sliding_window"]
    rope, length = c["rope_parameters"], ids.shape[1]
    cos, sin = cos_sin(c, np.arange(length)[None], [length] * length, rope["rope_theta"], rope, d)
    x = w[prefix + "embed_tokens.weight"][ids]
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        y = rms_norm(x, w[at + "input_layernorm.weight"], eps)
        q, k, v = (split_heads(linear(y, w, f"{at}self_attn.{n}_proj"), d) for n in "qkv")
        q, k = rotate_pairs(q, cos, sin) * d**-0.25, rotate_pairs(k, cos, sin) * d**-0.25
        y = attend_with_sinks(q, k, v, both_ways(mask, reach), 1.0, w[at + "self_attn.sinks"])
        x = x + linear(y, w, at + "self_attn.o_proj")
        y = rms_norm(x, w[at + "post_attention_layernorm.weight"], eps)
        x = x + _privacy_experts(c, w, y, at + "mlp.")
        hidden.append(x)
    x = hidden[-1] = rms_norm(x, w[prefix + "norm.weight"], eps)
    return (x if kind == "features" else linear(x, w, "score")), hidden


def _privacy_experts(c, w, y, at):
    scores, k = linear(y, w, at + "router"), c["num_experts_per_tok"]
    ranked = np.sort(scores, axis=-1)
    Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min())
    out = np.zeros_like(y)
    for b, t in np.ndindex(y.shape[:2]):
        chosen = np.argsort(-scores[b, t])[:k]
        for expert, weight in zip(chosen, softmax(scores[b, t, chosen]) / k):
            both = y[b, t] @ w[at + "experts.gate_up_proj"][expert] + w[at + "experts.gate_up_proj_bias"][expert]
            gate, up = np.split(both, 2)
            gate, up = np.minimum(gate, 7.0), np.clip(up, -7.0, 7.0)
            inner = (up + 1) * gate / (1 + np.exp(-1.702 * gate))
            out[b, t] += weight * (inner @ w[at + "experts.down_proj"][expert] + w[at + "experts.down_proj_bias"][expert])
    return out * k


FAMILIES = {"openai_privacy_filter": privacy_filter, "eurobert": eurobert, "jina_embeddings_v3": jina, "t5": t5, "umt5": t5}


def shapes(c, kind):
    if c["model_type"] == "xlm-roberta":
        return _published_jina(c, kind)
    out = {}

    def matrix(name, width, height, bias=True):
        out[name + ".weight"] = (height, width)
        if bias:
            out[name + ".bias"] = (height,)

    def norm(name, width, bias=True):
        out[name + ".weight"] = (width,)
        if bias:
            out[name + ".bias"] = (width,)

    {"eurobert": _eurobert, "jina_embeddings_v3": _jina, "t5": _t5, "umt5": _t5,
     "openai_privacy_filter": _privacy_filter}[c["model_type"]](
        c, kind, out, matrix, norm)
    return out


def _eurobert(c, kind, out, matrix, norm):
    prefix, hidden, inner = ("" if kind == "features" else "model."), c["hidden_size"], c["intermediate_size"]
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    out[prefix + "embed_tokens.weight"] = (c["vocab_size"], hidden)
    norm(prefix + "norm", hidden, False)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        norm(at + "input_layernorm", hidden, False)
        norm(at + "post_attention_layernorm", hidden, False)
        for name, width, height in (("q", hidden, q), ("k", hidden, kv), ("v", hidden, kv), ("o", q, hidden)):
            matrix(f"{at}self_attn.{name}_proj", width, height, c["attention_bias"])
        for name, width, height in (("gate", hidden, inner), ("up", hidden, inner), ("down", inner, hidden)):
            matrix(f"{at}mlp.{name}_proj", width, height, c["mlp_bias"])
    if kind == "mlm" and not c["tie_word_embeddings"]:
        matrix("lm_head", hidden, c["vocab_size"], c["mlp_bias"])
    if kind == "cls":
        matrix("dense", hidden, hidden)
        matrix("classifier", hidden, len(c["id2label"]))


def _privacy_filter(c, kind, out, matrix, norm):
    prefix, hidden, width = ("" if kind == "features" else "model."), c["hidden_size"], c["intermediate_size"]
    q, kv = c["num_attention_heads"] * c["head_dim"], c["num_key_value_heads"] * c["head_dim"]
    experts, bias = c["num_local_experts"], c.get("attention_bias", True)
    out[prefix + "embed_tokens.weight"] = (c["vocab_size"], hidden)
    norm(prefix + "norm", hidden, False)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        norm(at + "input_layernorm", hidden, False)
        norm(at + "post_attention_layernorm", hidden, False)
        for name, wide, height in (("q", hidden, q), ("k", hidden, kv), ("v", hidden, kv), ("o", q, hidden)):
            matrix(f"{at}self_attn.{name}_proj", wide, height, bias)
        out[at + "self_attn.sinks"] = (c["num_attention_heads"],)
        matrix(at + "mlp.router", hidden, experts)
        out[at + "mlp.experts.gate_up_proj"] = (experts, hidden, 2 * width)
        out[at + "mlp.experts.gate_up_proj_bias"] = (experts, 2 * width)
        out[at + "mlp.experts.down_proj"] = (experts, width, hidden)
        out[at + "mlp.experts.down_proj_bias"] = (experts, hidden)
    if kind == "tokens":
        matrix("score", hidden, len(c["id2label"]))


def _jina(c, kind, out, matrix, norm):
    prefix, hidden = ("" if kind == "features" else "roberta."), c["hidden_size"]
    out[prefix + "embeddings.word_embeddings.weight"] = (c["vocab_size"], hidden)
    out[prefix + "embeddings.token_type_embeddings.weight"] = (c["type_vocab_size"], hidden)
    norm(prefix + "emb_ln", hidden)
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layers.{i}."
        matrix(at + "mixer.Wqkv", hidden, 3 * hidden)
        matrix(at + "mixer.out_proj", hidden, hidden)
        matrix(at + "mlp.fc1", hidden, c["intermediate_size"])
        matrix(at + "mlp.fc2", c["intermediate_size"], hidden)
        norm(at + "norm1", hidden)
        norm(at + "norm2", hidden)
    if kind == "features":
        matrix("pooler.dense", hidden, hidden)
    if kind == "mlm":
        matrix("lm_head.dense", hidden, hidden)
        norm("lm_head.layer_norm", hidden)
        out["lm_head.bias"] = (c["vocab_size"],)
    if kind == "cls":
        matrix("classifier.dense", hidden, hidden)
        matrix("classifier.out_proj", hidden, len(c["id2label"]))


def _published_jina(c, kind):
    out, tasks, rank = {}, len(c["lora_adaptations"]), c["lora_rank"]
    for name, shape in shapes({**c, "model_type": "jina_embeddings_v3"}, kind).items():
        name = ("" if name.startswith(("roberta.", "lm_head.", "classifier.")) else "roberta.") + name
        path = name.removesuffix("weight") + "parametrizations.weight."
        if len(shape) == 1:
            out[name] = shape
            continue
        out[path + "original"] = shape
        rows, columns = (tasks, shape[0], rank), (tasks, rank, shape[1])
        embedding = "_embeddings." in name
        out[path + "0.lora_A"], out[path + "0.lora_B"] = (rows, columns) if embedding else (columns, rows)
    return out


def _t5(c, kind, out, matrix, norm):
    hidden, inner, width = c["d_model"], c["d_ff"], c["num_heads"] * c["d_kv"]
    out["shared.weight"] = (c["vocab_size"], hidden)
    norm("encoder.final_layer_norm", hidden, False)
    for i in range(c["num_layers"]):
        at = f"encoder.block.{i}.layer."
        for name in "qkv":
            matrix(f"{at}0.SelfAttention.{name}", hidden, width, False)
        matrix(at + "0.SelfAttention.o", width, hidden, False)
        if i == 0 or c["model_type"] == "umt5":
            out[at + "0.SelfAttention.relative_attention_bias.weight"] = (
                c["relative_attention_num_buckets"], c["num_heads"])
        for name in ("wi_0", "wi_1") if c["feed_forward_proj"] == "gated-gelu" else ("wi",):
            matrix(at + "1.DenseReluDense." + name, hidden, inner, False)
        matrix(at + "1.DenseReluDense.wo", inner, hidden, False)
        norm(at + "0.layer_norm", hidden, False)
        norm(at + "1.layer_norm", hidden, False)


def cases(bert, labels, hidden, heads, vocabulary):
    def eurobert_config(architecture, **own):
        return {
            "architectures": [architecture], "attention_bias": False, "attention_dropout": 0.0, "bos_token_id": 1,
            "classifier_pooling": "late", "dtype": "float32", "eos_token_id": 2, "head_dim": hidden // heads,
            "hidden_act": "silu", "hidden_size": hidden, **labels(architecture), "initializer_range": 0.02,
            "intermediate_size": 24, "mask_token_id": 3, "max_position_embeddings": 64, "mlp_bias": False,
            "model_type": "eurobert", "num_attention_heads": heads, "num_hidden_layers": 2,
            "num_key_value_heads": heads, "pad_token_id": 0, "pretraining_tp": 1, "rms_norm_eps": 1e-5,
            "rope_parameters": {"rope_theta": 250000.0, "rope_type": "default"}, "tie_word_embeddings": False,
            "transformers_version": "5.15.0", "use_cache": False, "vocab_size": vocabulary, **own}

    def privacy_config(architecture, **own):
        tags = ["O"] + [f"{tag}-{name}" for name in ("private_person", "secret") for tag in "BIES"]
        return {
            "architectures": [architecture], "attention_bias": True, "attention_dropout": 0.0, "bos_token_id": None,
            "classifier_dropout": 0.0, "default_n_ctx": 64, "dtype": "float32", "eos_token_id": 2, "head_dim": 6,
            "hidden_size": hidden, "id2label": {str(i): tag for i, tag in enumerate(tags)},
            "initial_context_length": 16, "initializer_range": 0.02, "intermediate_size": 10,
            "label2id": {tag: i for i, tag in enumerate(tags)}, "max_position_embeddings": 64,
            "model_type": "openai_privacy_filter", "num_attention_heads": heads, "num_experts_per_tok": 3,
            "num_hidden_layers": 2, "num_key_value_heads": heads // 2, "num_local_experts": 5,
            "output_router_logits": False, "pad_token_id": 2, "rms_norm_eps": 1e-5, "rope_parameters": {
                "beta_fast": 4.0, "beta_slow": 1.0, "factor": 4.0, "original_max_position_embeddings": 16,
                "rope_theta": 100.0, "rope_type": "yarn", "truncate": False},
            "router_aux_loss_coef": 0.001, "sliding_window": 5, "tie_word_embeddings": False,
            "transformers_version": "5.15.0", "use_cache": True, "vocab_size": vocabulary, **own}

    def jina_config(architecture, **own):
        config = bert("jina_embeddings_v3", architecture, bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5,
                      pad_token_id=1, rope_parameters={"rope_theta": 20000.0, "rope_type": "default"},
                      tie_word_embeddings=True, transformers_version="5.15.0", **{"type_vocab_size": 1, **own})
        return {name: value for name, value in config.items() if name != "position_embedding_type"}

    def published_jina_config(**own):
        tasks = ["retrieval.query", "retrieval.passage", "separation"]
        remote = "jinaai/xlm-roberta-flash-implementation--"
        return bert(
            "xlm-roberta", "XLMRobertaModel",
            auto_map={"AutoConfig": remote + "configuration_xlm_roberta.XLMRobertaFlashConfig",
                      "AutoModel": remote + "modeling_lora.XLMRobertaLoRA"},
            bos_token_id=0, eos_token_id=2, layer_norm_eps=1e-5, load_trained_adapters=True, lora_adaptations=tasks,
            lora_alpha=3, lora_dropout_p=0.0, lora_main_params_trainable=False, lora_rank=4,
            matryoshka_dimensions=[4, 8, 16], pad_token_id=1, position_embedding_type="rotary", rotary_emb_base=20000.0,
            task_instructions={tasks[0]: "Represent the query: ", tasks[1]: "Represent the document: ", tasks[2]: ""},
            transformers_version="4.38.2", truncate_dim=None, use_flash_attn=True, use_reentrant=False, **own)

    def t5_config(model_type, architecture, **own):
        return {
            "architectures": [architecture], "bos_token_id": 0, "classifier_dropout": 0.0, "d_ff": 24, "d_kv": 6,
            "d_model": hidden, "dropout_rate": 0.0, "dtype": "float32", "eos_token_id": 1, "feed_forward_proj": "relu",
            "initializer_factor": 1.0, "is_encoder_decoder": False, "layer_norm_epsilon": 1e-6,
            "model_type": model_type, "num_decoder_layers": 2, "num_heads": heads, "num_layers": 2, "pad_token_id": 0,
            "relative_attention_max_distance": 20, "relative_attention_num_buckets": 8, "tie_word_embeddings": True,
            "transformers_version": "5.15.0", "use_cache": True, "vocab_size": vocabulary, **own}

    return {
        "privacy_filter_tokens": privacy_config("OpenAIPrivacyFilterForTokenClassification"),
        "privacy_filter_features": privacy_config("OpenAIPrivacyFilterModel", attention_bias=False),
        "eurobert_features": eurobert_config("EuroBertModel", num_key_value_heads=2),
        "eurobert_mlm": eurobert_config("EuroBertForMaskedLM", attention_bias=True, mlp_bias=True),
        "eurobert_cls": eurobert_config("EuroBertForSequenceClassification"),
        "eurobert_cls_mean": eurobert_config("EuroBertForSequenceClassification", classifier_pooling="mean"),
        "eurobert_cls_bos": eurobert_config("EuroBertForSequenceClassification", classifier_pooling="bos"),
        "jina_v3_features": jina_config("JinaEmbeddingsV3Model", type_vocab_size=2),
        "jina_v3_published_features": published_jina_config(type_vocab_size=2),
        "jina_v3_mlm": jina_config("JinaEmbeddingsV3ForMaskedLM"),
        "jina_v3_cls": jina_config("JinaEmbeddingsV3ForSequenceClassification"),
        "t5_encoder_features": t5_config("t5", "T5EncoderModel"),
        "umt5_encoder_features": t5_config("umt5", "UMT5EncoderModel", feed_forward_proj="gated-gelu", num_layers=3),
    }
