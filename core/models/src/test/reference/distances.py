"""OPT, BLOOM and MPT: learned positions, or scores that fall with the distance (ALiBi)."""

import math

import numpy as np

from parts import ACTIVATIONS, causal, linear, merge_heads, softmax, split_heads


def slopes(heads, steepest):
    """The paper's recipe: a geometric row, and for other numbers every second slope of a longer one."""
    def row(count):
        return [2 ** (-steepest * (i + 1) / count) for i in range(count)]

    below = 2 ** math.floor(math.log2(heads))
    return np.array(row(below) + row(2 * below)[::2][: heads - below])


def norm(x, w, name, eps=1e-5):
    y = x - x.mean(-1, keepdims=True)
    y = y / np.sqrt((y * y).mean(-1, keepdims=True) + eps)
    return y * w.get(name + ".weight", 1.0) + w.get(name + ".bias", 0.0)


def attend(q, k, v, mask, scale, slope=None):
    scores = q @ k.swapaxes(-1, -2) * scale
    if slope is not None:
        # Counts of real tokens, as padding before a text is no distance.
        place = np.cumsum(mask, 1)
        far = place[:, :, None] - place[:, None, :]
        scores = scores - slope[None, :, None, None] * far[:, None]
    return merge_heads(softmax(np.where(causal(mask)[:, None], scores, -np.inf)) @ v)


class Distances:
    norms_first, tied = True, True

    def __init__(self, c):
        self.c = c

    def run(self, w, ids, mask, positions, lengths):
        x = self.begin(w, ids, mask, positions)
        hidden = [x]
        for i in range(self.layers()):
            at = self.layer(i)
            first, second = at + self.names[0], at + self.names[1]
            if self.norms_first:
                x = x + self.attention(w, at, norm(x, w, first), mask)
                x = x + self.mlp(w, at, norm(x, w, second))
            else:
                x = norm(x + self.attention(w, at, x, mask), w, first)
                x = norm(x + self.mlp(w, at, x), w, second)
            hidden.append(x)
        hidden[-1] = self.end(w, x)
        head = w[self.table if self.c.get("tie_word_embeddings", True) else "lm_head.weight"]
        return hidden[-1] @ head.T * self.logit_scale(), hidden

    def logit_scale(self):
        return 1.0

    def mlp(self, w, at, x):
        return linear(self.act(linear(x, w, at + self.up)), w, at + self.down)

    def shapes(self):
        out = {}

        def full(name, wide, high, bias=True):
            out[name + ".weight"] = (high, wide)
            if bias:
                out[name + ".bias"] = (high,)

        def ofnorm(name, wide, bias=True):
            out[name + ".weight"] = (wide,)
            if bias:
                out[name + ".bias"] = (wide,)

        out[self.table] = (self.c["vocab_size"], self.narrow())
        if not self.c.get("tie_word_embeddings", True):
            out["lm_head.weight"] = (self.c["vocab_size"], self.narrow())
        self.declare(out, full, ofnorm)
        return out


class Opt(Distances):
    table = "model.decoder.embed_tokens.weight"
    names, up, down = ("self_attn_layer_norm", "final_layer_norm"), "fc1", "fc2"

    def __init__(self, c):
        super().__init__(c)
        self.norms_first = c.get("do_layer_norm_before", True)
        self.act = ACTIVATIONS[c.get("activation_function", "relu")]
        self.has_last = self.norms_first and not c.get("_remove_final_layer_norm", False)

    def layers(self):
        return self.c["num_hidden_layers"]

    def layer(self, i):
        return f"model.decoder.layers.{i}."

    def narrow(self):
        return self.c.get("word_embed_proj_dim", self.c["hidden_size"])

    def begin(self, w, ids, mask, positions):
        x = w[self.table][ids]
        if self.narrow() != self.c["hidden_size"]:
            x = linear(x, w, "model.decoder.project_in")
        return x + w["model.decoder.embed_positions.weight"][positions + 2]

    def end(self, w, x):
        if self.has_last:
            x = norm(x, w, "model.decoder.final_layer_norm")
        return linear(x, w, "model.decoder.project_out") if self.narrow() != self.c["hidden_size"] else x

    def attention(self, w, at, x, mask):
        d = self.c["hidden_size"] // self.c["num_attention_heads"]
        q, k, v = (split_heads(linear(x, w, f"{at}self_attn.{n}_proj"), d) for n in "qkv")
        return linear(attend(q, k, v, mask, d**-0.5), w, at + "self_attn.out_proj")

    def declare(self, out, full, ofnorm):
        c, at = self.c, "model.decoder."
        hidden, bias = c["hidden_size"], c.get("enable_bias", True)
        has_factors = c.get("layer_norm_elementwise_affine", True)
        out[at + "embed_positions.weight"] = (c["max_position_embeddings"] + 2, hidden)
        if self.narrow() != hidden:
            full(at + "project_in", self.narrow(), hidden, False)
            full(at + "project_out", hidden, self.narrow(), False)
        if self.has_last and has_factors:
            ofnorm(at + "final_layer_norm", hidden)
        for i in range(self.layers()):
            at = self.layer(i)
            for n in "qkv":
                full(f"{at}self_attn.{n}_proj", hidden, hidden, bias)
            full(at + "self_attn.out_proj", hidden, hidden, bias)
            full(at + "fc1", hidden, c["ffn_dim"], bias)
            full(at + "fc2", c["ffn_dim"], hidden, bias)
            for name in self.names if has_factors else ():
                ofnorm(at + name, hidden)


class Bloom(Distances):
    table = "transformer.word_embeddings.weight"
    names = ("input_layernorm", "post_attention_layernorm")
    up, down, act = "mlp.dense_h_to_4h", "mlp.dense_4h_to_h", staticmethod(ACTIVATIONS["gelu_new"])

    def layers(self):
        return self.c["n_layer"]

    def layer(self, i):
        return f"transformer.h.{i}."

    def narrow(self):
        return self.c["hidden_size"]

    def begin(self, w, ids, mask, positions):
        return norm(w[self.table][ids], w, "transformer.word_embeddings_layernorm")

    def end(self, w, x):
        return norm(x, w, "transformer.ln_f")

    def attention(self, w, at, x, mask):
        heads = self.c["n_head"]
        d = self.c["hidden_size"] // heads
        by_head = linear(x, w, at + "self_attention.query_key_value").reshape(*x.shape[:2], heads, 3, d)
        q, k, v = (by_head[..., j, :].swapaxes(1, 2) for j in range(3))
        return linear(attend(q, k, v, mask, d**-0.5, slopes(heads, 8)), w, at + "self_attention.dense")

    def declare(self, out, full, ofnorm):
        hidden = self.c["hidden_size"]
        ofnorm("transformer.word_embeddings_layernorm", hidden)
        ofnorm("transformer.ln_f", hidden)
        for i in range(self.layers()):
            at = self.layer(i)
            for name in self.names:
                ofnorm(at + name, hidden)
            full(at + "self_attention.query_key_value", hidden, 3 * hidden)
            full(at + "self_attention.dense", hidden, hidden)
            full(at + self.up, hidden, 4 * hidden)
            full(at + self.down, 4 * hidden, hidden)


class Mpt(Distances):
    table = "transformer.wte.weight"
    names, up, down = ("norm_1", "norm_2"), "ffn.up_proj", "ffn.down_proj"
    act = staticmethod(ACTIVATIONS["gelu"])

    def __init__(self, c):
        super().__init__(c)
        self.own = c["attn_config"]

    def layers(self):
        return self.c["n_layers"]

    def layer(self, i):
        return f"transformer.blocks.{i}."

    def narrow(self):
        return self.c["d_model"]

    def logit_scale(self):
        scale = self.c.get("logit_scale") or 1.0
        return self.c["d_model"] ** -0.5 if scale == "inv_sqrt_d_model" else scale

    def begin(self, w, ids, mask, positions):
        x = w[self.table][ids]
        return x if self.own["alibi"] else x + w["transformer.wpe.weight"][positions]

    def end(self, w, x):
        return norm(x, w, "transformer.norm_f")

    def attention(self, w, at, x, mask):
        heads, own = self.c["n_heads"], self.own
        d = self.c["d_model"] // heads
        fused = linear(x, w, at + "attn.Wqkv")
        if own.get("clip_qkv"):
            fused = np.clip(fused, -own["clip_qkv"], own["clip_qkv"])
        q, k, v = np.split(fused, 3, -1)
        if own.get("qk_ln"):
            q, k = norm(q, w, at + "attn.q_ln"), norm(k, w, at + "attn.k_ln")
        q, k, v = (split_heads(part, d) for part in (q, k, v))
        slope = slopes(heads, own.get("alibi_bias_max", 8)) if own["alibi"] else None
        return linear(attend(q, k, v, mask, own.get("softmax_scale") or d**-0.5, slope), w, at + "attn.out_proj")

    def declare(self, out, full, ofnorm):
        c, hidden, bias = self.c, self.c["d_model"], not self.c["no_bias"]
        inner = hidden * c["expansion_ratio"]
        if not self.own["alibi"]:
            out["transformer.wpe.weight"] = (c["max_seq_len"], hidden)
        ofnorm("transformer.norm_f", hidden, bias)
        for i in range(self.layers()):
            at = self.layer(i)
            for name in self.names + (("attn.q_ln", "attn.k_ln") if self.own.get("qk_ln") else ()):
                ofnorm(at + name, hidden, bias)
            full(at + "attn.Wqkv", hidden, 3 * hidden, bias)
            full(at + "attn.out_proj", hidden, hidden, bias)
            full(at + "ffn.up_proj", hidden, inner, bias)
            full(at + "ffn.down_proj", inner, hidden, bias)


FAMILIES = {"opt": Opt, "bloom": Bloom, "mpt": Mpt}
PASSES = {name: (lambda c, w, *inputs, own=own: own(c).run(w, *inputs)) for name, own in FAMILIES.items()}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def cases(vocabulary):
    shared = {"bos_token_id": 1, "dtype": "float32", "eos_token_id": 2, "initializer_range": 0.02,
              "pad_token_id": 0, "transformers_version": "4.57.0", "use_cache": True, "vocab_size": vocabulary}

    def opt(**own):
        return {"architectures": ["OPTForCausalLM"], "model_type": "opt", **shared, "hidden_size": 16,
                "num_attention_heads": 4, "num_hidden_layers": 2, "ffn_dim": 24, "max_position_embeddings": 64,
                "activation_function": "relu", "attention_dropout": 0.0, "dropout": 0.0, "layerdrop": 0.0,
                "do_layer_norm_before": True, "enable_bias": True, "layer_norm_elementwise_affine": True,
                "_remove_final_layer_norm": False, "word_embed_proj_dim": 16, **own}

    def bloom(**own):
        return {"architectures": ["BloomForCausalLM"], "model_type": "bloom", **shared, "hidden_size": 16,
                "n_head": 4, "n_layer": 2, "attention_dropout": 0.0, "hidden_dropout": 0.0,
                "layer_norm_epsilon": 1e-5, "apply_residual_connection_post_layernorm": False,
                "pretraining_tp": 1, "slow_but_exact": False, **own}

    def mpt(no_bias=True, logit_scale=None, hidden=16, heads=4, **attention):
        own = {"alibi": True, "alibi_bias_max": 8, "attn_impl": "torch", "attn_pdrop": 0.0,
               "attn_type": "multihead_attention", "attn_uses_sequence_id": False, "clip_qkv": None,
               "prefix_lm": False, "qk_ln": False, "softmax_scale": None, **attention}
        return {"architectures": ["MptForCausalLM"], "model_type": "mpt", **shared, "d_model": hidden,
                "n_heads": heads, "n_layers": 2, "expansion_ratio": 3 if own["qk_ln"] else 4, "max_seq_len": 64,
                "attn_config": own, "emb_pdrop": 0.0, "resid_pdrop": 0.0, "embedding_fraction": 1.0,
                "layer_norm_epsilon": 1e-5, "learned_pos_emb": True, "logit_scale": logit_scale,
                "no_bias": no_bias, "norm_type": "low_precision_layernorm"}

    return {
        "opt": opt(),
        "opt_after": opt(do_layer_norm_before=False, word_embed_proj_dim=8),
        "opt_plain": opt(enable_bias=False, layer_norm_elementwise_affine=False, activation_function="gelu",
                         tie_word_embeddings=False, _remove_final_layer_norm=True),
        "bloom": bloom(),
        "bloom_heads": bloom(hidden_size=24, n_head=6, tie_word_embeddings=False),
        "mpt": mpt(clip_qkv=0.8, softmax_scale=0.3),
        "mpt_bias": mpt(no_bias=False, logit_scale="inv_sqrt_d_model", hidden=24, heads=3, alibi_bias_max=4,
                        qk_ln=True),
        "mpt_learned": mpt(alibi=False),
    }
