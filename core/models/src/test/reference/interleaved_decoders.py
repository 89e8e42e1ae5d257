"""Decoders whose queries of a key/value head, its key and its value lie side by side in one matrix."""

import numpy as np

from later_decoders import Family, LayerNormed
from parts import ACTIVATIONS, attend, causal, linear, rotate
from rotary import cos_sin


def parted(rows, groups, per_group, d):
    """Rows [(G + 2) D] of each key/value head -> queries, keys and values."""
    by_group = rows.reshape(groups, per_group + 2, d, *rows.shape[1:])
    rest = rows.shape[1:]
    return (by_group[:, :per_group].reshape(-1, *rest), by_group[:, per_group].reshape(-1, *rest),
            by_group[:, per_group + 1].reshape(-1, *rest))


class InternLm2(Family):
    """Runs as Llama after its matrices are parted and renamed."""

    NAMES = {"attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
             "attention.wo": "self_attn.o_proj", "feed_forward.w1": "mlp.gate_proj",
             "feed_forward.w3": "mlp.up_proj", "feed_forward.w2": "mlp.down_proj"}

    def run(self, w, ids, mask, positions, lengths):
        renamed = {"model.embed_tokens.weight": w["model.tok_embeddings.weight"],
                   "model.norm.weight": w["model.norm.weight"], "lm_head.weight": w["output.weight"]}
        groups = self.c["num_key_value_heads"]
        for name, value in w.items():
            if ".attention.wqkv." in name:
                parts = parted(value, groups, self.c["num_attention_heads"] // groups, self.dim)
                for part, own in zip("qkv", parts):
                    renamed[name.replace("attention.wqkv", f"self_attn.{part}_proj")] = own
            for old, new in self.NAMES.items():
                if f".{old}." in name:
                    renamed[name.replace(old, new)] = value
        return super().run(renamed, ids, mask, positions, lengths)

    def shapes(self):
        c = self.c
        hidden, inner, heads = c["hidden_size"], c["intermediate_size"], c["num_attention_heads"]
        wide = (heads + 2 * c["num_key_value_heads"]) * self.dim
        out = {"model.tok_embeddings.weight": (c["vocab_size"], hidden), "model.norm.weight": (hidden,),
               "output.weight": (c["vocab_size"], hidden)}
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            out[at + "attention_norm.weight"] = out[at + "ffn_norm.weight"] = (hidden,)
            out[at + "attention.wqkv.weight"] = (wide, hidden)
            out[at + "attention.wo.weight"] = (hidden, heads * self.dim)
            if c["bias"]:
                out[at + "attention.wqkv.bias"], out[at + "attention.wo.bias"] = (wide,), (hidden,)
            out[at + "feed_forward.w1.weight"] = out[at + "feed_forward.w3.weight"] = (inner, hidden)
            out[at + "feed_forward.w2.weight"] = (hidden, inner)
        return out


class Falcon(LayerNormed):
    eps_field = "layer_norm_epsilon"

    def __init__(self, c):
        super().__init__(c)
        self.new = c["new_decoder_architecture"]
        query = c["num_attention_heads"]
        self.groups = c["num_kv_heads"] if self.new else 1 if c["multi_query"] else query
        self.per_group = query // self.groups
        self.two = self.new and c.get("num_ln_in_parallel_attn", 2) == 2

    def run(self, w, ids, mask, positions, lengths):
        c, norm, d = self.c, self.norm(), self.dim
        x = w["transformer.word_embeddings.weight"][ids]
        hidden = [x]
        cos, sin = cos_sin(c, positions, lengths, c.get("rope_theta", 10000.0), None, d, 1.0)
        for i in range(c["num_hidden_layers"]):
            at = f"transformer.h.{i}."
            read = norm(x, w, at + ("ln_attn" if self.two else "input_layernorm"))
            fused = linear(read, w, at + "self_attention.query_key_value")
            b, t, _ = fused.shape
            by_group = fused.reshape(b, t, self.groups, self.per_group + 2, d)
            q = by_group[:, :, :, :self.per_group].reshape(b, t, -1, d).transpose(0, 2, 1, 3)
            k, v = (by_group[:, :, :, self.per_group + j].transpose(0, 2, 1, 3) for j in (0, 1))
            y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, causal(mask), d**-0.5)
            y = linear(y, w, at + "self_attention.dense")
            parallel = self.new or c["parallel_attn"]
            if not parallel:
                x = x + y
                mlp_in = norm(x, w, at + "post_attention_layernorm")
            else:
                mlp_in = norm(x, w, at + "ln_mlp") if self.two else read
            inner = ACTIVATIONS["gelu"](linear(mlp_in, w, at + "mlp.dense_h_to_4h"))
            worked = linear(inner, w, at + "mlp.dense_4h_to_h")
            x = x + worked + (y if parallel else 0)
            hidden.append(x)
        hidden[-1] = norm(x, w, "transformer.ln_f")
        return hidden[-1] @ w["transformer.word_embeddings.weight"].T, hidden

    def shapes(self):
        c, hidden = self.c, self.c["hidden_size"]
        out = {"transformer.word_embeddings.weight": (c["vocab_size"], hidden)}

        def add(name, height, width, bias):
            out[name + ".weight"] = (height, width) if width else (height,)
            if bias:
                out[name + ".bias"] = (height,)

        add("transformer.ln_f", hidden, 0, True)
        for i in range(c["num_hidden_layers"]):
            at = f"transformer.h.{i}."
            norms = ("ln_attn", "ln_mlp") if self.two else ("input_layernorm",)
            if not self.new and not c["parallel_attn"]:
                norms += ("post_attention_layernorm",)
            for name in norms:
                add(at + name, hidden, 0, True)
            wide = self.groups * (self.per_group + 2) * self.dim
            add(at + "self_attention.query_key_value", wide, hidden, c["bias"])
            add(at + "self_attention.dense", hidden, hidden, c["bias"])
            add(at + "mlp.dense_h_to_4h", 4 * hidden, hidden, c["bias"])
            add(at + "mlp.dense_4h_to_h", hidden, 4 * hidden, c["bias"])
        return out


FAMILIES = {"internlm2": InternLm2, "falcon": Falcon}
PASSES = {name: (lambda c, w, *inputs, own=own: own(c).run(w, *inputs)) for name, own in FAMILIES.items()}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def cases(decoder):
    def falcon(**own):
        fields = {"tie_word_embeddings": True, "bias": False, "layer_norm_epsilon": 1e-5, "alibi": False,
                  "activation": "gelu", "new_decoder_architecture": False, "multi_query": False,
                  "parallel_attn": True}
        config = decoder("falcon", "FalconForCausalLM", 2, **{**fields, **own})
        absent = ("rms_norm_eps", "num_key_value_heads", "intermediate_size", "hidden_act")
        return {name: value for name, value in config.items() if name not in absent}

    return {
        "falcon": falcon(multi_query=True, bias=True),
        "falcon_grouped": falcon(new_decoder_architecture=True, num_kv_heads=2),
        "falcon_one_norm": falcon(new_decoder_architecture=True, num_kv_heads=2, num_ln_in_parallel_attn=1),
        "falcon_sequential": falcon(parallel_attn=False),
        "internlm2": decoder("internlm2", "InternLM2ForCausalLM", 2, tie_word_embeddings=False, bias=True),
    }
