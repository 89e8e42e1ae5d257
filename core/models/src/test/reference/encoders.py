"""
Forward passes of the encoder families: what the saved class returns (logits of tokens or classes, or
the last hidden state), and all hidden states.
"""

import numpy as np

import gte
import later_encoders
import newest_encoders
from parts import ACTIVATIONS, attend, both_ways, layer_norm, linear, rotate, split_heads
from rotary import cos_sin


def _bert_body(c, w, ids, mask, types, positions, prefix):
    eps, d = c.get("layer_norm_eps", 1e-12), c["hidden_size"] // c["num_attention_heads"]
    at = prefix + "embeddings."
    x = (w[at + "word_embeddings.weight"][ids] + w[at + "position_embeddings.weight"][positions]
         + w[at + "token_type_embeddings.weight"][np.zeros_like(ids) if types is None else types])
    x = layer_norm(x, w, at + "LayerNorm", eps)
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}encoder.layer.{i}."
        q, k, v = (split_heads(linear(x, w, f"{at}attention.self.{name}"), d)
                   for name in ("query", "key", "value"))
        y = linear(attend(q, k, v, both_ways(mask), d**-0.5), w, at + "attention.output.dense")
        x = layer_norm(x + y, w, at + "attention.output.LayerNorm", eps)
        y = ACTIVATIONS[c.get("hidden_act", "gelu")](linear(x, w, at + "intermediate.dense"))
        y = linear(y, w, at + "output.dense")
        x = layer_norm(x + y, w, at + "output.LayerNorm", eps)
        hidden.append(x)
    return hidden


def bert(c, w, ids, mask, types, kind):
    prefix, eps = ("" if kind == "features" else "bert."), c.get("layer_norm_eps", 1e-12)
    positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
    hidden = _bert_body(c, w, ids, mask, types, positions, prefix)
    x = hidden[-1]
    if kind == "features":
        return x, hidden
    if kind == "cls":
        pooled = np.tanh(linear(x[:, 0], w, "bert.pooler.dense"))
        return linear(pooled, w, "classifier"), hidden
    at = "cls.predictions."
    x = ACTIVATIONS[c.get("hidden_act", "gelu")](linear(x, w, at + "transform.dense"))
    x = layer_norm(x, w, at + "transform.LayerNorm", eps)
    return x @ w["bert.embeddings.word_embeddings.weight"].T + w[at + "bias"], hidden


def roberta(c, w, ids, mask, types, kind):
    if c.get("position_embedding_type") == "rotary":
        return newest_encoders.published_jina(c, w, ids, mask, types, kind)
    w = newest_encoders.without_flash(w)
    # Positions follow the ids, not the mask: padding has the padding id's own position.
    pad, eps = c.get("pad_token_id", 1), c.get("layer_norm_eps", 1e-12)
    real = (ids != pad).astype(np.int64)
    positions = np.cumsum(real, 1) * real + pad
    prefix = "" if kind == "features" else "roberta."
    hidden = _bert_body(c, w, ids, mask, types, positions, prefix)
    x = hidden[-1]
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.tanh(linear(x[:, 0], w, "classifier.dense")), w, "classifier.out_proj"), hidden
    # The head's activation is the exact GELU whatever hidden_act says.
    x = layer_norm(ACTIVATIONS["gelu"](linear(x, w, "lm_head.dense")), w, "lm_head.layer_norm", eps)
    return x @ w["roberta.embeddings.word_embeddings.weight"].T + w["lm_head.bias"], hidden


def distilbert(c, w, ids, mask, types, kind):
    prefix, eps, d = ("" if kind == "features" else "distilbert."), 1e-12, c["dim"] // c["n_heads"]
    at = prefix + "embeddings."
    x = w[at + "word_embeddings.weight"][ids] + w[at + "position_embeddings.weight"][: ids.shape[1]]
    x = layer_norm(x, w, at + "LayerNorm", eps)
    hidden = [x]
    for i in range(c["n_layers"]):
        at = f"{prefix}transformer.layer.{i}."
        q, k, v = (split_heads(linear(x, w, f"{at}attention.{name}_lin"), d) for name in "qkv")
        y = linear(attend(q, k, v, both_ways(mask), d**-0.5), w, at + "attention.out_lin")
        x = layer_norm(x + y, w, at + "sa_layer_norm", eps)
        y = linear(ACTIVATIONS[c.get("activation", "gelu")](linear(x, w, at + "ffn.lin1")), w, at + "ffn.lin2")
        x = layer_norm(x + y, w, at + "output_layer_norm", eps)
        hidden.append(x)
    if kind == "features":
        return x, hidden
    if kind == "cls":
        return linear(np.maximum(linear(x[:, 0], w, "pre_classifier"), 0), w, "classifier"), hidden
    x = ACTIVATIONS[c.get("activation", "gelu")](linear(x, w, "vocab_transform"))
    x = layer_norm(x, w, "vocab_layer_norm", eps)
    return x @ w["distilbert.embeddings.word_embeddings.weight"].T + w["vocab_projector.bias"], hidden


def modernbert(c, w, ids, mask, types, kind):
    prefix, eps = ("" if kind == "features" else "model."), c.get("norm_eps", 1e-5)
    d, act = c["hidden_size"] // c["num_attention_heads"], c.get("hidden_activation", "gelu")
    positions, lengths = np.arange(ids.shape[1])[None], [ids.shape[1]] * ids.shape[1]
    x = w[prefix + "embeddings.tok_embeddings.weight"][ids]
    x = layer_norm(x, w, prefix + "embeddings.norm", eps)
    hidden = [x]
    for i in range(c["num_hidden_layers"]):
        at = f"{prefix}layers.{i}."
        local = i % c.get("global_attn_every_n_layers", 3) != 0
        theta = c.get("global_rope_theta", 160000.0)
        if local and c.get("local_rope_theta", 10000.0) is not None:
            theta = c.get("local_rope_theta", 10000.0)
        cos, sin = cos_sin(c, positions, lengths, theta, None, d)
        y = x if i == 0 else layer_norm(x, w, at + "attn_norm", eps)
        q, k, v = (split_heads(part, d) for part in np.split(linear(y, w, at + "attn.Wqkv"), 3, -1))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        allowed = both_ways(mask, c.get("local_attention", 128) // 2 if local else None)
        x = x + linear(attend(q, k, v, allowed, d**-0.5), w, at + "attn.Wo")
        passed, gate = np.split(linear(layer_norm(x, w, at + "mlp_norm", eps), w, at + "mlp.Wi"), 2, -1)
        x = x + linear(ACTIVATIONS[act](passed) * gate, w, at + "mlp.Wo")
        hidden.append(x)
    # Unlike the others, this family records its last hidden state before the final norm.
    x = layer_norm(x, w, prefix + "final_norm", eps)
    if kind == "features":
        return x, hidden

    def head(y):
        y = ACTIVATIONS[c.get("classifier_activation", "gelu")](linear(y, w, "head.dense"))
        return layer_norm(y, w, "head.norm", eps)

    if kind == "cls":
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        pooled = x[:, 0] if c.get("classifier_pooling", "cls") == "cls" else mean
        return linear(head(pooled), w, "classifier"), hidden
    logits = head(x) @ w["model.embeddings.tok_embeddings.weight"].T
    return (logits + w["decoder.bias"] if c.get("decoder_bias", True) else logits), hidden


FAMILIES = {"bert": bert, "roberta": roberta, "xlm-roberta": roberta, "distilbert": distilbert,
            "modernbert": modernbert, "new": gte.run, "gte": gte.run, **later_encoders.FAMILIES,
            **newest_encoders.FAMILIES}
