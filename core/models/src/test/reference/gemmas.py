"""Gemma 3n and Gemma 4: shared keys and values, rows of a second table, several residual streams."""

import math

import numpy as np

from later_decoders import Experts
from parts import ACTIVATIONS, attend, causal, linear, rms_norm, rotate, softmax, split_heads

SLIDING, FULL = "sliding_attention", "full_attention"


def _normal_quantile(share):
    """The inverse of the normal distribution, by halving."""
    low, high = -10.0, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        if 0.5 * (1 + math.erf(middle / math.sqrt(2))) < share:
            low = middle
        else:
            high = middle
    return low


def _tables(positions, inverse):
    angles = positions[..., None] * inverse
    angles = np.concatenate([angles, angles], -1)
    return np.cos(angles), np.sin(angles)


def _unit(x, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps)


def _soft_cap(logits, cap):
    return logits if cap is None else np.tanh(logits / cap) * cap


class Gemma:
    """What both have."""

    def __init__(self, c):
        self.c, self.count = c, c["num_hidden_layers"]
        self.eps, self.hidden = c["rms_norm_eps"], c["hidden_size"]
        self.width, self.act = c["hidden_size_per_layer_input"], ACTIVATIONS[c["hidden_activation"]]
        self.types = c["layer_types"]
        self.first_shared = self.count - c["num_kv_shared_layers"]

    def norm(self, x, w, name):
        return rms_norm(x, w[name + ".weight"], self.eps)

    def source(self, i):
        if i < self.first_shared:
            return i
        return max(j for j in range(self.first_shared) if self.types[j] == self.types[i])

    def inputs(self, w, ids, x):
        """[B, T, layers, width]"""
        b, t = ids.shape
        known = np.where(ids < self.c["vocab_size_per_layer_input"], ids, 0)
        rows = w["model.embed_tokens_per_layer.weight"][known] * math.sqrt(self.width)
        projected = linear(x, w, "model.per_layer_model_projection") / math.sqrt(self.hidden)
        projected = self.norm(projected.reshape(b, t, self.count, self.width), w, "model.per_layer_projection_norm")
        return (projected + rows.reshape(b, t, self.count, self.width)) / math.sqrt(2)

    def read(self, w, at, x, part):
        y = linear(self.act(linear(x, w, at + "per_layer_input_gate")) * part, w, at + "per_layer_projection")
        return self.norm(y, w, at + "post_per_layer_input_norm")

    def attention(self, w, i, x, mask, tables, kept):
        c, at = self.c, f"model.layers.{i}.self_attn."
        d, cos, sin = tables
        q = rotate(self.norm(split_heads(linear(x, w, at + "q_proj"), d), w, at + "q_norm"), cos, sin)
        if self.source(i) == i:
            k = split_heads(linear(x, w, at + "k_proj"), d)
            one = c.get("attention_k_eq_v") and self.types[i] == FULL
            v = k if one else split_heads(linear(x, w, at + "v_proj"), d)
            kept[i] = rotate(self.norm(k, w, at + "k_norm"), cos, sin), _unit(v, self.eps)
        k, v = kept[self.source(i)]
        window = c["sliding_window"] if self.types[i] == SLIDING else None
        return linear(attend(q, k, v, causal(mask, window), 1.0), w, at + "o_proj")

    def gated(self, w, at, x, sparsity=0.0):
        gate = linear(x, w, at + "gate_proj")
        if sparsity > 0:
            gate = gate - gate.mean(-1, keepdims=True) - _normal_quantile(sparsity) * gate.std(-1, keepdims=True)
            gate = np.maximum(gate, 0)
        return linear(self.act(gate) * linear(x, w, at + "up_proj"), w, at + "down_proj")

    def common_shapes(self):
        c, hidden, wide = self.c, self.hidden, self.count * self.width
        out = {"model.embed_tokens.weight": (c["vocab_size"], hidden), "model.norm.weight": (hidden,)}
        if not c["tie_word_embeddings"]:
            out["lm_head.weight"] = (c["vocab_size"], hidden)
        if self.width:
            out["model.embed_tokens_per_layer.weight"] = (c["vocab_size_per_layer_input"], wide)
            out["model.per_layer_model_projection.weight"] = (wide, hidden)
            out["model.per_layer_projection_norm.weight"] = (self.width,)
        for i in range(self.count):
            at = f"model.layers.{i}."
            for name in ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                         "post_feedforward_layernorm"):
                out[f"{at}{name}.weight"] = (hidden,)
            if self.width:
                out[at + "per_layer_input_gate.weight"] = (self.width, hidden)
                out[at + "per_layer_projection.weight"] = (hidden, self.width)
                out[at + "post_per_layer_input_norm.weight"] = (hidden,)
        return out

    def attention_shapes(self, out, i, d, groups, one):
        at, hidden, heads = f"model.layers.{i}.self_attn.", self.hidden, self.c["num_attention_heads"]
        out[at + "q_proj.weight"], out[at + "o_proj.weight"] = (heads * d, hidden), (hidden, heads * d)
        out[at + "q_norm.weight"] = (d,)
        if self.source(i) == i or self.stores_unused:
            out[at + "k_proj.weight"], out[at + "k_norm.weight"] = (groups * d, hidden), (d,)
            if not one:
                out[at + "v_proj.weight"] = (groups * d, hidden)

    def mlp_shapes(self, out, i, inner):
        at = f"model.layers.{i}.mlp."
        out[at + "gate_proj.weight"] = out[at + "up_proj.weight"] = (inner, self.hidden)
        out[at + "down_proj.weight"] = (self.hidden, inner)


class Gemma4(Gemma):
    stores_unused = False

    def _heads(self, i):
        """Width and number of key heads."""
        c = self.c
        if "per_layer_config" in c:
            own = {int(layer): fields for layer, fields in c["per_layer_config"].items()}.get(i, {})
            return own.get("head_dim", c["head_dim"]), own.get("num_key_value_heads", c["num_key_value_heads"])
        if self.types[i] == SLIDING:
            return c["head_dim"], c["num_key_value_heads"]
        return c["global_head_dim"], (c.get("num_global_key_value_heads") or c["num_key_value_heads"]
                                      if c.get("attention_k_eq_v") else c["num_key_value_heads"])

    def _rotary(self, positions, kind):
        rope, d = self.c["rope_parameters"][kind], self._heads(self.types.index(kind))[0]
        inverse = rope["rope_theta"] ** -(np.arange(0, d, 2) / d)
        if kind == FULL:
            inverse[int(rope["partial_rotary_factor"] * d) // 2:] = 0
        return (d, *_tables(positions, inverse))

    def run(self, w, ids, mask, positions, lengths):
        tables = {kind: self._rotary(positions, kind) for kind in set(self.types)}
        x = w["model.embed_tokens.weight"][ids] * math.sqrt(self.hidden)
        parts = self.inputs(w, ids, x) if self.width else None
        hidden, kept = [x], {}
        for i in range(self.count):
            at = f"model.layers.{i}."
            y = self.attention(w, i, self.norm(x, w, at + "input_layernorm"), mask, tables[self.types[i]], kept)
            x = x + self.norm(y, w, at + "post_attention_layernorm")
            y = self.gated(w, at + "mlp.", self.norm(x, w, at + "pre_feedforward_layernorm"))
            if self.c.get("enable_moe_block"):
                y = self.norm(y, w, at + "post_feedforward_layernorm_1") + self.mixture(w, at, x)
            x = x + self.norm(y, w, at + "post_feedforward_layernorm")
            if self.width:
                x = x + self.read(w, at, x, parts[:, :, i])
            x = x * w[at + "layer_scalar"]
            hidden.append(x)
        hidden.append(self.norm(x, w, "model.norm"))
        logits = hidden[-1] @ w["model.embed_tokens.weight" if self.c["tie_word_embeddings"] else "lm_head.weight"].T
        del hidden[-2]
        return _soft_cap(logits, self.c.get("final_logit_softcapping")), hidden

    def mixture(self, w, at, x):
        """The experts read the residual stream, and so does the router, through a norm without factors."""
        k = self.c["top_k_experts"]
        scores = linear(_unit(x, self.eps) * w[at + "router.scale"] / math.sqrt(self.hidden), w, at + "router.proj")
        ranked, chances = np.sort(scores, -1), softmax(scores)
        Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min())
        read, out = self.norm(x, w, at + "pre_feedforward_layernorm_2"), np.zeros_like(x)
        for b, t in np.ndindex(x.shape[:2]):
            chosen = np.argsort(-scores[b, t])[:k]
            for expert in chosen:
                gate, up = np.split(w[at + "experts.gate_up_proj"][expert] @ read[b, t], 2)
                weight = chances[b, t, expert] / chances[b, t, chosen].sum() * w[at + "router.per_expert_scale"][expert]
                out[b, t] += weight * (w[at + "experts.down_proj"][expert] @ (self.act(gate) * up))
        return self.norm(out, w, at + "post_feedforward_layernorm_2")

    def mixture_shapes(self, out, at):
        count, width, hidden = self.c["num_experts"], self.c["moe_intermediate_size"], self.hidden
        for name in ("post_feedforward_layernorm_1", "post_feedforward_layernorm_2", "pre_feedforward_layernorm_2"):
            out[f"{at}{name}.weight"] = (hidden,)
        out[at + "router.proj.weight"], out[at + "router.scale"] = (count, hidden), (hidden,)
        out[at + "router.per_expert_scale"] = (count,)
        out[at + "experts.gate_up_proj"], out[at + "experts.down_proj"] = (count, 2 * width, hidden), (count, hidden, width)

    def shapes(self):
        out = self.common_shapes()
        for i in range(self.count):
            if self.c.get("enable_moe_block"):
                self.mixture_shapes(out, f"model.layers.{i}.")
            d, groups = self._heads(i)
            self.attention_shapes(out, i, d, groups, self.c.get("attention_k_eq_v") and self.types[i] == FULL)
            wide = self.c["use_double_wide_mlp"] and self.source(i) != i
            self.mlp_shapes(out, i, self.c["intermediate_size"] * (2 if wide else 1))
            out[f"model.layers.{i}.layer_scalar"] = (1,)
        return out


class Gemma3n(Gemma):
    stores_unused = True

    def _match(self, y, x):
        length = np.sqrt((x * x).mean(-1, keepdims=True))
        return y * length / np.sqrt(np.maximum((y * y).mean(-1, keepdims=True), 1e-5))

    def _routed(self, w, at, x):
        return np.tanh(linear(self.norm(x, w, at + "router_norm") / self.hidden, w, at + "modality_router"))

    def run(self, w, ids, mask, positions, lengths):
        c, count, active = self.c, self.c["altup_num_inputs"], self.c["altup_active_idx"]
        d = c["head_dim"]
        theta = {FULL: c["rope_theta"], SLIDING: c["rope_local_base_freq"]}
        tables = {kind: (d, *_tables(positions, base ** -(np.arange(0, d, 2) / d))) for kind, base in theta.items()}
        x = w["model.embed_tokens.weight"][ids] * math.sqrt(self.hidden)
        parts = self.inputs(w, ids, x)
        streams = [x] + [self._match(linear(x, w, f"model.altup_projections.{i}"), x) for i in range(count - 1)]
        hidden, kept = [np.concatenate(streams, -1)], {}
        for i in range(self.count):
            at = f"model.layers.{i}."
            coefs = linear(self._routed(w, at + "altup.", streams[active]), w, at + "altup.prediction_coefs")
            predicted = [streams[j] + sum(coefs[..., count * j + n, None] * streams[n] for n in range(count))
                         for j in range(count)]
            x = predicted[active]
            y = self.norm(x, w, at + "input_layernorm")
            low = linear(linear(y, w, at + "laurel.linear_left"), w, at + "laurel.linear_right")
            laurel = y + self.norm(low, w, at + "laurel.post_laurel_norm")
            y = self.attention(w, i, y, mask, tables[self.types[i]], kept)
            x = (x + self.norm(y, w, at + "post_attention_layernorm") + laurel) / math.sqrt(2)
            y = self.gated(w, at + "mlp.", self.norm(x, w, at + "pre_feedforward_layernorm"),
                           c["activation_sparsity_pattern"][i])
            x = x + self.norm(y, w, at + "post_feedforward_layernorm")
            coefs = 1 + linear(self._routed(w, at + "altup.", x), w, at + "altup.correction_coefs")
            change = x - predicted[active]
            streams = [predicted[j] + change * coefs[..., j, None] for j in range(count)]
            first = streams[active]
            if c["altup_correct_scale"]:
                first = first * w[at + "altup.correct_output_scale"]
            added = self.read(w, at, first, parts[:, :, i])
            streams = streams[:1] + [stream + added for stream in streams[1:]]
            hidden.append(np.concatenate(streams, -1))
        ends = [streams[0]] + [self._match(linear(streams[i + 1], w, f"model.altup_unembed_projections.{i}"),
                                           streams[0]) for i in range(count - 1)]
        hidden[-1] = self.norm(sum(ends) / count, w, "model.norm")
        logits = hidden[-1] @ w["model.embed_tokens.weight"].T
        return _soft_cap(logits, c["final_logit_softcapping"]), hidden

    def shapes(self):
        out, c, hidden, count = self.common_shapes(), self.c, self.hidden, self.c["altup_num_inputs"]
        for i in range(count - 1):
            out[f"model.altup_projections.{i}.weight"] = (hidden, hidden)
            out[f"model.altup_unembed_projections.{i}.weight"] = (hidden, hidden)
        for i in range(self.count):
            at = f"model.layers.{i}."
            self.attention_shapes(out, i, c["head_dim"], c["num_key_value_heads"], False)
            self.mlp_shapes(out, i, c["intermediate_size"][i])
            out[at + "altup.correct_output_scale"] = out[at + "altup.router_norm.weight"] = (hidden,)
            out[at + "altup.correction_coefs.weight"] = (count, count)
            out[at + "altup.prediction_coefs.weight"] = (count * count, count)
            out[at + "altup.modality_router.weight"] = (count, hidden)
            out[at + "laurel.linear_left.weight"] = (c["laurel_rank"], hidden)
            out[at + "laurel.linear_right.weight"] = (hidden, c["laurel_rank"])
            out[at + "laurel.post_laurel_norm.weight"] = (hidden,)
        return out


FAMILIES = {"gemma4_text": Gemma4, "gemma3n_text": Gemma3n}


def run(model_type):
    return lambda c, w, *inputs: FAMILIES[model_type](c).run(w, *inputs)


PASSES = {name: run(name) for name in FAMILIES}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def cases(make):
    """Configurations; make makes those fields that all families have."""
    def gemma(model_type, architecture, types, **own):
        return make(model_type, architecture, len(types), drop=("hidden_act", *own.pop("drop", ())),
                    **{"hidden_activation": "gelu_pytorch_tanh", "layer_types": types, "sliding_window": 6,
                       "hidden_size_per_layer_input": 4, "tie_word_embeddings": True, "head_dim": 6,
                       "vocab_size_per_layer_input": 38, **own})

    ropes = {FULL: {"partial_rotary_factor": 0.5, "rope_theta": 100.0, "rope_type": "proportional"},
             SLIDING: {"rope_theta": 50.0, "rope_type": "default"}}
    mixture = {"enable_moe_block": True, "num_experts": 4, "top_k_experts": 2, "moe_intermediate_size": 8}
    return {
        "gemma4": gemma("gemma4_text", "Gemma4ForCausalLM", [SLIDING, FULL, SLIDING, FULL], global_head_dim=10,
                        num_global_key_value_heads=None, attention_k_eq_v=False, num_kv_shared_layers=2,
                        use_double_wide_mlp=True, final_logit_softcapping=5.0, rope_parameters=ropes,
                        tie_word_embeddings=False, enable_moe_block=False, use_bidirectional_attention=None, drop=("rope_theta",)),
        "gemma4_one": gemma("gemma4_text", "Gemma4ForCausalLM", [SLIDING, FULL], global_head_dim=8,
                            num_global_key_value_heads=1, attention_k_eq_v=True, num_kv_shared_layers=0,
                            use_double_wide_mlp=False, final_logit_softcapping=None, rope_parameters=ropes,
                            tie_word_embeddings=False, hidden_size_per_layer_input=0, use_bidirectional_attention="vision",
                            drop=("rope_theta",)),
        "gemma4_moe": gemma("gemma4_text", "Gemma4ForCausalLM", [SLIDING, FULL], global_head_dim=8,
                            num_global_key_value_heads=1, attention_k_eq_v=True, num_kv_shared_layers=0,
                            use_double_wide_mlp=False, final_logit_softcapping=5.0, rope_parameters=ropes,
                            hidden_size_per_layer_input=0, tie_word_embeddings=False, drop=("rope_theta",), **mixture),
        "gemma4_by_layer": gemma("gemma4_text", "Gemma4ForCausalLM", [SLIDING, FULL], attention_k_eq_v=False,
                                 num_kv_shared_layers=0, use_double_wide_mlp=False, final_logit_softcapping=5.0,
                                 rope_parameters=ropes, tie_word_embeddings=False, drop=("rope_theta",),
                                 per_layer_config={"01": {"head_dim": 10, "num_key_value_heads": 1}}, **mixture),
        "gemma3n": gemma("gemma3n_text", "Gemma3nForCausalLM", [SLIDING, FULL, SLIDING, FULL],
                         num_kv_shared_layers=2, final_logit_softcapping=5.0, rope_local_base_freq=50.0,
                         rope_theta=100.0, intermediate_size=[24, 24, 20, 24], laurel_rank=3,
                         activation_sparsity_pattern=[0.7, 0.0, 0.7, 0.0], altup_num_inputs=3,
                         altup_active_idx=0, altup_coef_clip=120.0, altup_correct_scale=True),
    }
