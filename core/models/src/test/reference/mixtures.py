"""Mixtures of experts: passes, tensors and tiny configurations, one class a family."""

import numpy as np

import later_decoders
from later_decoders import (FULL, SLIDING, Experts, Mixtral, Qwen2Moe, Qwen3Moe, rotate_pairs)
from parts import attend, causal, linear, merge_heads, rms_norm, rotate, softmax, split_heads
from rotary import cos_sin


def attend_with_sinks(q, k, v, allowed, scale, sinks):
    repeat = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, repeat, axis=1), np.repeat(v, repeat, axis=1)
    scores = np.where(allowed[:, None], q @ k.swapaxes(-1, -2) * scale, -np.inf)
    column = np.broadcast_to(sinks[None, :, None, None], scores.shape[:-1] + (1,))
    return merge_heads(softmax(np.concatenate([scores, column], -1))[..., :-1] @ v)


class Mixture(Experts):
    """Experts with more that may differ."""

    turn = staticmethod(rotate)
    residual, attention_scale = 1.0, None

    def embed(self):
        return 1.0

    def window(self, layer):
        return None

    def scores(self, layer, x, w, at):
        """Router scores, what experts are chosen by, and the weight of each."""
        found = linear(x, w, at + self.router)
        return found, found, softmax(found)

    def scale(self):
        return 1.0

    router = "gate"

    def mlp(self, layer, x, w):
        at = f"model.layers.{layer}.{self.at_mlp}"
        if not self.sparse(layer):
            return self._gated(x, w, at, "gate_proj", "up_proj", "down_proj")
        _, choice, weights = self.scores(layer, x, w, at)
        k = self.chosen()
        ranked = np.sort(choice, axis=-1)
        Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min() * self.spread)
        chosen = np.argsort(-choice, axis=-1)[..., :k]
        out = np.zeros_like(x)
        for b, t in np.ndindex(x.shape[:2]):
            own = weights[b, t, chosen[b, t]]
            if self.normalized():
                own = own / own.sum()
            for expert, weight in zip(chosen[b, t], own * self.scale()):
                out[b, t] += weight * self.expert(expert, x[b, t], w, at)
        return out + self.shared(layer, x, w, at)

    # Probabilities lie closer together than scores.
    spread = 1.0

    def chosen(self):
        return self.c["num_experts_per_tok"]

    def expert(self, expert, x, w, at):
        return self._gated(x, w, f"{at}experts.{expert}.", self.gate, self.up_proj, self.down_proj)

    def shared(self, layer, x, w, at):
        return 0.0

    def attention(self, i, y, w, at, cos, sin):
        d = self.dim
        q, k, v = (linear(y, w, f"{at}{n}_proj") for n in "qkv")
        q, k = self.query_key(q, k, w, at)
        scale = self.attention_scale or d**-0.5
        return self.mixed(self.turn(q, cos, sin), self.turn(k, cos, sin), split_heads(v, d), i, scale, w, at)

    def mixed(self, q, k, v, i, scale, w, at):
        return attend(q, k, v, causal(self.mask, self.window(i)), scale)

    def run(self, w, ids, mask, positions, lengths):
        c, norm = self.c, self.norm()
        self.mask = mask
        cos, sin = cos_sin(c, positions, lengths, c.get("rope_theta", self.theta), c.get("rope_scaling"), self.dim,
                           c.get("partial_rotary_factor", self.share))
        x = w["model.embed_tokens.weight"][ids] * self.embed()
        hidden = [x]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            y = self.attention(i, norm(x, w, at + "input_layernorm"), w, at + "self_attn.", cos, sin)
            x = x + self.residual * linear(y, w, at + "self_attn.o_proj")
            x = x + self.residual * self.mlp(i, norm(x, w, at + "post_attention_layernorm"), w)
            hidden.append(x)
        hidden[-1] = norm(x, w, "model.norm")
        head = w["model.embed_tokens.weight" if c.get("tie_word_embeddings", self.tied) else "lm_head.weight"]
        return hidden[-1] @ head.T * self.logits(), hidden


def _without_experts(shapes):
    return {name: shape for name, shape in shapes.items() if ".experts." not in name}


class GptOss(Mixture):
    count_field, width_field, router, theta, head_dim = "num_local_experts", "intermediate_size", "router", 150000.0, 64

    def biases(self):
        own = self.c.get("attention_bias", True)
        return own, own, False

    def window(self, layer):
        kinds = self.types(lambda i: FULL if i % 2 else SLIDING)
        return self.c["sliding_window"] if kinds[layer] == SLIDING else None

    def query_key(self, q, k, w, at):
        return split_heads(q, self.dim), split_heads(k, self.dim)

    def normalized(self):
        return True

    def mixed(self, q, k, v, i, scale, w, at):
        return attend_with_sinks(q, k, v, causal(self.mask, self.window(i)), scale, w[at + "sinks"])

    def expert(self, expert, x, w, at):
        at += "experts."
        both = x @ w[at + "gate_up_proj"][expert] + w[at + "gate_up_proj_bias"][expert]
        limit = self.c.get("swiglu_limit", 7.0)
        gate, up = np.minimum(both[::2], limit), np.clip(both[1::2], -limit, limit)
        inner = (up + 1) * gate / (1 + np.exp(-1.702 * gate))
        return inner @ w[at + "down_proj"][expert] + w[at + "down_proj_bias"][expert]

    def shapes(self):
        c, out = self.c, _without_experts(super().shapes())
        experts, hidden, width = c["num_local_experts"], c["hidden_size"], c["intermediate_size"]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}.mlp."
            del out[at + "gate.weight"]
            out[at + "router.weight"], out[at + "router.bias"] = (experts, hidden), (experts,)
            out[at + "experts.gate_up_proj"] = (experts, hidden, 2 * width)
            out[at + "experts.gate_up_proj_bias"] = (experts, 2 * width)
            out[at + "experts.down_proj"] = (experts, width, hidden)
            out[at + "experts.down_proj_bias"] = (experts, hidden)
            out[f"model.layers.{i}.self_attn.sinks"] = (c["num_attention_heads"],)
        return out


class GraniteMoe(Mixture):
    count_field, width_field, router, at_mlp = "num_local_experts", "intermediate_size", "router.layer", "block_sparse_moe."

    def __init__(self, c):
        super().__init__(c)
        self.residual, self.attention_scale = c["residual_multiplier"], c["attention_multiplier"]

    def embed(self):
        return self.c["embedding_multiplier"]

    def logits(self):
        return 1 / self.c["logits_scaling"]

    def normalized(self):
        return True

    def _fused(self, x, first, second):
        gate, up = np.split(x @ first.T, 2, -1)
        return (self.act()(gate) * up) @ second.T

    def expert(self, expert, x, w, at):
        return self._fused(x, w[at + "input_linear.weight"][expert], w[at + "output_linear.weight"][expert])

    def shared(self, layer, x, w, at):
        at = f"model.layers.{layer}.shared_mlp."
        if at + "input_linear.weight" not in w:
            return 0.0
        return self._fused(x, w[at + "input_linear.weight"], w[at + "output_linear.weight"])

    def shapes(self):
        c, out = self.c, _without_experts(super().shapes())
        experts, hidden, width = c["num_local_experts"], c["hidden_size"], c["intermediate_size"]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}.block_sparse_moe."
            del out[at + "gate.weight"]
            out[at + "router.layer.weight"] = (experts, hidden)
            out[at + "input_linear.weight"] = (experts, 2 * width, hidden)
            out[at + "output_linear.weight"] = (experts, hidden, width)
            own = c.get("shared_intermediate_size", 0) if c["model_type"] == "granitemoeshared" else 0
            if own:
                out[f"model.layers.{i}.shared_mlp.input_linear.weight"] = (2 * own, hidden)
                out[f"model.layers.{i}.shared_mlp.output_linear.weight"] = (hidden, own)
        return out


class SharedExperts(Mixture):
    """A correction chooses with the scores; some experts work on all positions."""

    correction, spread = "gate.e_score_correction_bias", 20.0

    def sharing(self):
        return self.c["n_shared_experts"] * self.c[self.width_field]

    def shared(self, layer, x, w, at):
        return self._gated(x, w, at + "shared_experts.", "gate_proj", "up_proj", "down_proj") if self.sharing() else 0.0

    def shapes(self):
        c, out = self.c, super().shapes()
        for i in range(c["num_hidden_layers"]):
            if not self.sparse(i):
                continue
            at, inner, hidden = f"model.layers.{i}.mlp.", self.sharing(), c["hidden_size"]
            out[at + self.correction] = self.correction_shape()
            if inner:
                out[at + "shared_experts.gate_proj.weight"] = out[at + "shared_experts.up_proj.weight"] = (inner, hidden)
                out[at + "shared_experts.down_proj.weight"] = (hidden, inner)
        return out

    def correction_shape(self):
        return (self.c[self.count_field],)


class Ernie45Moe(SharedExperts):
    count_field, theta, correction = "moe_num_experts", 500000.0, "moe_statics.e_score_correction_bias"
    spread = 6.0
    turn, tied = staticmethod(rotate_pairs), True

    def sparse(self, layer):
        c = self.c
        last = c.get("moe_layer_end_index", -1)
        return ((layer + 1) % c["moe_layer_interval"] == 0 and layer >= c["moe_layer_start_index"]
                and (last == -1 or layer <= last))

    def chosen(self):
        return self.c["moe_k"]

    def normalized(self):
        return True

    def sharing(self):
        return self.c["moe_num_shared_experts"] * self.c["moe_intermediate_size"]

    def correction_shape(self):
        return (1, self.c["moe_num_experts"])

    def scores(self, layer, x, w, at):
        own = softmax(linear(x, w, at + "gate"))
        return own, own + w[at + self.correction][0], own


class SigmoidRouted(SharedExperts):
    count_field, width_field = "n_routed_experts", "moe_intermediate_size"

    def sparse(self, layer):
        return layer >= self.c["first_k_dense_replace"]

    def scale(self):
        return self.c["routed_scaling_factor"]

    def scores(self, layer, x, w, at):
        c = self.c
        own = 1 / (1 + np.exp(-linear(x, w, at + "gate")))
        choice = own + w[at + self.correction]
        by_group = choice.reshape(choice.shape[:-1] + (c["n_group"], -1))
        return own, self.of_groups(by_group, np.sort(by_group, -1)[..., -2:].sum(-1)).reshape(choice.shape), own

    def of_groups(self, by_group, best):
        """Leaves the experts of the best groups."""
        ranked, k = np.sort(best, -1), self.c["topk_group"]
        if k < ranked.shape[-1]:
            Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min() * self.spread)
        return np.where((best >= ranked[..., -k, None])[..., None], by_group, -np.inf)

    def query_key(self, q, k, w, at):
        norm, d = self.norm(), self.dim
        q, k = split_heads(q, d), split_heads(k, d)
        return (q, k) if self.query_norm is None else (norm(q, w, at + "q_norm"), norm(k, w, at + "k_norm"))


class Glm4Moe(SigmoidRouted):
    share = 0.5

    def __init__(self, c):
        super().__init__(c)
        if c["use_qk_norm"]:
            self.query_norm, self.key_norm = "q_norm", "k_norm"

    def biases(self):
        return self.c["attention_bias"], False, False


class Dots1(SigmoidRouted):
    query_norm, key_norm = "q_norm", "k_norm"

    def window(self, layer):
        return self.c["sliding_window"] if self.c["layer_types"][layer] == SLIDING else None


class DeepSeek(SigmoidRouted):
    """Latent attention: keys and values come from a narrow vector, and a part of all keys is rotated."""

    def __init__(self, c):
        super().__init__(c)
        self.plain, self.rotated, self.value = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"]
        self.dim = self.rotated
        if self.pairs():
            self.turn = rotate_pairs

    def pairs(self):
        return self.c.get("rope_interleave", True)

    def scale_of_scores(self):
        scaling = self.c.get("rope_scaling") or {}
        wide = scaling.get("mscale_all_dim")
        magnitude = 0.1 * wide * np.log(scaling["factor"]) + 1 if wide else 1.0
        return (self.plain + self.rotated) ** -0.5 * magnitude**2

    def attention(self, i, y, w, at, cos, sin):
        c, key = self.c, self.plain + self.rotated
        norm = later_decoders._rms(1e-6)
        if c.get("q_lora_rank"):
            q = linear(norm(linear(y, w, at + "q_a_proj"), w, at + "q_a_layernorm"), w, at + "q_b_proj")
        else:
            q = linear(y, w, at + "q_proj")
        q = split_heads(q, key)
        down = linear(y, w, at + "kv_a_proj_with_mqa")
        narrow, turned = down[..., :c["kv_lora_rank"]], down[..., c["kv_lora_rank"]:]
        both = split_heads(linear(norm(narrow, w, at + "kv_a_layernorm"), w, at + "kv_b_proj"), self.plain + self.value)
        k, v = both[..., :self.plain], both[..., self.plain:]
        turned = self.turn(split_heads(turned, self.rotated), cos, sin)
        q = np.concatenate([q[..., :self.plain], self.turn(q[..., self.plain:], cos, sin)], -1)
        k = np.concatenate([k, np.broadcast_to(turned, k.shape[:-1] + turned.shape[-1:])], -1)
        return attend(q, k, v, self.allowed(), self.scale_of_scores())

    def allowed(self):
        return causal(self.mask, None)

    def shapes(self):
        c, out = self.c, super().shapes()
        hidden, heads, rank = c["hidden_size"], c["num_attention_heads"], c["kv_lora_rank"]
        key, narrow = self.plain + self.rotated, c.get("q_lora_rank")
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}.self_attn."
            for name in [n for n in out if n.startswith(at)]:
                del out[name]
            out[at + ("q_b_proj" if narrow else "q_proj") + ".weight"] = (heads * key, narrow or hidden)
            if narrow:
                out[at + "q_a_proj.weight"], out[at + "q_a_layernorm.weight"] = (narrow, hidden), (narrow,)
            out[at + "kv_a_proj_with_mqa.weight"] = (rank + self.rotated, hidden)
            out[at + "kv_a_layernorm.weight"] = (rank,)
            out[at + "kv_b_proj.weight"] = (heads * (self.plain + self.value), rank)
            out[at + "o_proj.weight"] = (hidden, heads * self.value)
        return out


class DeepSeek2(DeepSeek):
    """Softmax scores without a correction, whose weights are not divided by their sum."""

    def pairs(self):
        return True

    def normalized(self):
        return False

    def scores(self, layer, x, w, at):
        c, found = self.c, linear(x, w, at + "gate")
        choice = found
        if c["topk_method"] == "group_limited_greedy":
            by_group = found.reshape(found.shape[:-1] + (c["n_group"], -1))
            choice = self.of_groups(by_group, by_group.max(-1)).reshape(found.shape)
        return found, choice, softmax(found)

    spread = 1.0

    def shapes(self):
        return {name: shape for name, shape in super().shapes().items() if self.correction not in name}


class MiniMaxM2(Mixture):
    """Sigmoid scores, a correction, and norms of queries and keys before they are split into heads."""

    at_mlp, gate, up_proj, down_proj = "block_sparse_moe.", "w1", "w3", "w2"
    count_field, width_field = "num_local_experts", "intermediate_size"
    query_norm, key_norm, theta, spread = "q_norm", "k_norm", 5000000.0, 20.0
    correction = "e_score_correction_bias"

    def normalized(self):
        return True

    def scores(self, layer, x, w, at):
        own = 1 / (1 + np.exp(-linear(x, w, at + "gate")))
        return own, own + w[at + self.correction], own

    def query_key(self, q, k, w, at):
        norm, d = self.norm(), self.dim
        return split_heads(norm(q, w, at + "q_norm"), d), split_heads(norm(k, w, at + "k_norm"), d)

    def head_norms(self, name, heads):
        return {name + ".weight": (heads * self.dim,)}

    def shapes(self):
        out = super().shapes()
        for i in range(self.c["num_hidden_layers"]):
            out[f"model.layers.{i}.{self.at_mlp}{self.correction}"] = (self.c[self.count_field],)
        return out


class HunyuanMoe(Mixture):
    """Norms of each query and key head after their rotation; a shared expert as wide as the others."""

    width_field, router = "intermediate_size", "gate.wg"
    query_norm, key_norm = "query_layernorm", "key_layernorm"

    def chosen(self):
        return self.c["moe_topk"]

    def normalized(self):
        return True

    def shared(self, layer, x, w, at):
        return self._gated(x, w, at + "shared_mlp.", "gate_proj", "up_proj", "down_proj")

    def mixed(self, q, k, v, i, scale, w, at):
        norm = self.norm()
        return super().mixed(norm(q, w, at + self.query_norm), norm(k, w, at + self.key_norm), v, i, scale, w, at)

    def shapes(self):
        c, out = self.c, super().shapes()
        inner, hidden = c["intermediate_size"], c["hidden_size"]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}.mlp."
            out[at + "gate.wg.weight"] = out.pop(at + "gate.weight")
            out[at + "shared_mlp.gate_proj.weight"] = out[at + "shared_mlp.up_proj.weight"] = (inner, hidden)
            out[at + "shared_mlp.down_proj.weight"] = (hidden, inner)
        return out


def stacked(family, owner, names):
    """The same family with the experts of a layer in one tensor, as Transformers 5 has them."""
    first, second, last = names

    class Stacked(family):
        def run(self, w, *given):
            split = {}
            for name, value in w.items():
                at = name.replace(".mlp.", f".{owner}.") if owner != "mlp" else name
                if at.endswith("experts.gate_up_proj"):
                    for e, both in enumerate(value):
                        gate, up = np.split(both, 2)
                        split[at.replace("gate_up_proj", f"{e}.{first}.weight")] = gate
                        split[at.replace("gate_up_proj", f"{e}.{second}.weight")] = up
                elif at.endswith("experts.down_proj"):
                    for e, down in enumerate(value):
                        split[at.replace("down_proj", f"{e}.{last}.weight")] = down
                else:
                    split[at] = value
            return super().run(split, *given)

        def shapes(self):
            out, c = {}, self.c
            for name, shape in super().shapes().items():
                name = name.replace(f".{owner}.", ".mlp.")
                if ".experts." not in name:
                    out[name] = shape
                elif name.endswith(f".experts.0.{first}.weight"):
                    at, count = name[:-len(f"0.{first}.weight")], c[self.count_field]
                    out[at + "gate_up_proj"] = (count, 2 * shape[0], shape[1])
                    out[at + "down_proj"] = (count, shape[1], shape[0])
            return out

    return Stacked


USUAL = ("gate_proj", "up_proj", "down_proj")

FAMILIES = {
    "gpt_oss": GptOss, "granitemoe": GraniteMoe, "granitemoeshared": GraniteMoe, "ernie4_5_moe": Ernie45Moe,
    "glm4_moe": Glm4Moe, "dots1": Dots1, "minimax_m2": MiniMaxM2,
    "deepseek_v2": DeepSeek2, "deepseek_v3": DeepSeek, "glm4_moe_lite": DeepSeek, "hunyuan_v1_moe": HunyuanMoe,
}
STACKED = {
    "mixtral": stacked(Mixtral, "block_sparse_moe", ("w1", "w3", "w2")),
    "qwen2_moe": stacked(Qwen2Moe, "mlp", USUAL), "qwen3_moe": stacked(Qwen3Moe, "mlp", USUAL),
}


def family(c):
    """The class of a configuration; None where it is not here."""
    return (STACKED if c.get("stacked_for_tests") else FAMILIES).get(c["model_type"])


def run(model_type):
    def passes(c, w, *given):
        found = family(c)
        if found is not None:
            return found(c).run(w, *given)
        return later_decoders.FAMILIES[model_type](c).run(w, *given)
    return passes


PASSES = {name: run(name) for name in FAMILIES | STACKED}


def cases(like):
    granite = {"embedding_multiplier": 3.0, "attention_multiplier": 0.3, "residual_multiplier": 0.6,
               "logits_scaling": 0.7, "num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": 8}
    sigmoid = {"n_routed_experts": 8, "n_shared_experts": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
               "first_k_dense_replace": 1, "norm_topk_prob": True, "routed_scaling_factor": 1.5}
    latent = {"kv_lora_rank": 10, "qk_nope_head_dim": 6, "qk_rope_head_dim": 4, "v_head_dim": 8, **sigmoid}
    return {
        "gpt_oss": like("gpt_oss", "GptOssForCausalLM", head_dim=6, attention_bias=True, num_local_experts=5,
                        num_experts_per_tok=3, intermediate_size=10, sliding_window=5, swiglu_limit=1.5,
                        layer_types=[SLIDING, FULL]),
        "granitemoe": like("granitemoe", "GraniteMoeForCausalLM", attention_bias=True, **granite),
        "granitemoeshared": like("granitemoeshared", "GraniteMoeSharedForCausalLM", shared_intermediate_size=12,
                                 attention_bias=False, **granite),
        "ernie4_5_moe": like("ernie4_5_moe", "Ernie4_5_MoeForCausalLM", 3, use_bias=False, moe_intermediate_size=8,
                             moe_k=2, moe_num_experts=5, moe_num_shared_experts=2, moe_layer_start_index=1,
                             moe_layer_end_index=-1, moe_layer_interval=1, tie_word_embeddings=True),
        "glm4_moe": like("glm4_moe", "Glm4MoeForCausalLM", head_dim=8, attention_bias=True, use_qk_norm=True,
                         n_group=2, topk_group=1, partial_rotary_factor=0.5, **sigmoid),
        "dots1": like("dots1", "Dots1ForCausalLM", 3, head_dim=6, attention_bias=False, n_group=1, topk_group=1,
                      sliding_window=6, layer_types=[FULL, SLIDING, FULL], **{**sigmoid, "n_shared_experts": 2}),
        "deepseek_v2": like("deepseek_v2", "DeepseekV2ForCausalLM", q_lora_rank=None, n_group=4, topk_group=2,
                            topk_method="group_limited_greedy",
                            **{**latent, "n_shared_experts": 2, "norm_topk_prob": False}),
        "deepseek_v3": like("deepseek_v3", "DeepseekV3ForCausalLM", q_lora_rank=12, n_group=2, topk_group=1,
                            rope_interleave=True, rope_scaling={
                                "beta_fast": 4.0, "beta_slow": 1.0, "factor": 4.0, "mscale": 1.0,
                                "mscale_all_dim": 1.0, "original_max_position_embeddings": 16, "rope_type": "yarn"},
                            **latent),
        "deepseek_v3_halves": like("deepseek_v3", "DeepseekV3ForCausalLM", q_lora_rank=12, n_group=1, topk_group=1,
                                   rope_interleave=False, **latent),
        "minimax_m2": like("minimax_m2", "MiniMaxM2ForCausalLM", head_dim=8, num_local_experts=4,
                           num_experts_per_tok=3, intermediate_size=8, partial_rotary_factor=0.5),
        "hunyuan_moe": like("hunyuan_v1_moe", "HunYuanMoEV1ForCausalLM", head_dim=8, num_experts=5, moe_topk=2,
                            intermediate_size=8, tie_word_embeddings=True),
        "mixtral_stacked": like("mixtral", "MixtralForCausalLM", num_local_experts=4, num_experts_per_tok=2,
                                intermediate_size=12, sliding_window=None, stacked_for_tests=True),
        "qwen2_moe_stacked": like("qwen2_moe", "Qwen2MoeForCausalLM", num_experts=5, num_experts_per_tok=2,
                                  moe_intermediate_size=8, shared_expert_intermediate_size=12, norm_topk_prob=True,
                                  decoder_sparse_step=2, stacked_for_tests=True),
    }
