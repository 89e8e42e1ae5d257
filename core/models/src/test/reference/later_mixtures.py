"""Mixtures of 2024 to 2026 and MiniCPM 3: passes, tensors and tiny configurations, one class a family."""

import numpy as np

import later_decoders
from later_decoders import FULL, SLIDING, Experts, _layer
from mixtures import DeepSeek, Mixture, SigmoidRouted
from parts import attend, causal, linear, rotate, softmax, split_heads
from rotary import cos_sin


class MiniCpm3(DeepSeek):
    """Latent attention in a dense model, with factors of embeddings, branches and logits."""

    width_field, tied = "intermediate_size", True

    def __init__(self, c):
        super().__init__({"v_head_dim": None, **c} if c.get("v_head_dim") else
                         {**c, "v_head_dim": c["hidden_size"] // c["num_attention_heads"]})
        if c.get("scale_depth") is not None:
            self.residual = c["scale_depth"] / np.sqrt(c["num_hidden_layers"])

    def pairs(self):
        return False

    def sparse(self, layer):
        return False

    def embed(self):
        return self.c["scale_emb"]

    def logits(self):
        base = self.c["dim_model_base"]
        return 1.0 if base is None else base / self.c["hidden_size"]

    def shapes(self):
        out = super().shapes()
        if self.c.get("attention_bias", False):
            for name in [n for n in out if n.endswith(("q_a_proj.weight", "kv_a_proj_with_mqa.weight", "o_proj.weight"))]:
                out[name[:-len("weight")] + "bias"] = out[name][:1]
        return out


class Exaone(SigmoidRouted):
    """Norms on each head; rotary positions in sliding layers, or in all where none slides."""

    count_field, correction = "num_experts", "e_score_correction_bias"
    query_norm, key_norm, spread = "q_norm", "k_norm", 5.0

    def sharing(self):
        return self.c["num_shared_experts"] * self.c["moe_intermediate_size"]

    def slides(self, layer):
        return self.types(lambda i: FULL if (i + 1) % 4 == 0 else SLIDING)[layer] == SLIDING

    def window(self, layer):
        return self.c["sliding_window"] if self.slides(layer) else None

    def attention(self, i, y, w, at, cos, sin):
        self.turn = rotate if self.c["sliding_window"] is None or self.slides(i) else lambda x, *table: x
        return super().attention(i, y, w, at, cos, sin)


class Afmoe(Exaone):
    """A gate on attention's output, and norms around each branch."""

    correction, head_dim, router = "expert_bias", 128, "router.gate"

    def sparse(self, layer):
        return layer >= self.c["num_dense_layers"]

    def normalized(self):
        return True

    def scale(self):
        return self.c["route_scale"]

    def scores(self, layer, x, w, at):
        own = 1 / (1 + np.exp(-linear(x, w, at + self.router)))
        return own, own + w[at + self.correction], own

    def embed(self):
        return self.c["hidden_size"] ** 0.5 if self.c["mup_enabled"] else 1.0

    def slides(self, layer):
        every = self.c["global_attn_every_n_layers"]
        return self.types(lambda i: SLIDING if (i + 1) % every else FULL)[layer] == SLIDING

    def run(self, w, ids, mask, positions, lengths):
        c, norm = self.c, self.norm()
        self.mask = mask
        cos, sin = cos_sin(c, positions, lengths, c["rope_theta"], c.get("rope_scaling"), self.dim, 1.0)
        x = w["model.embed_tokens.weight"][ids] * self.embed()
        hidden = [x]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            y = norm(x, w, at + "input_layernorm")
            opened = 1 / (1 + np.exp(-linear(y, w, at + "self_attn.gate_proj")))
            y = linear(opened * self.attention(i, y, w, at + "self_attn.", cos, sin), w, at + "self_attn.o_proj")
            x = x + norm(y, w, at + "post_attention_layernorm")
            y = self.mlp(i, norm(x, w, at + "pre_mlp_layernorm"), w)
            x = x + norm(y, w, at + "post_mlp_layernorm")
            hidden.append(x)
        hidden[-1] = norm(x, w, "model.norm")
        return hidden[-1] @ w["lm_head.weight"].T, hidden

    def shapes(self):
        c, out = self.c, super().shapes()
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            for name in ("pre_mlp_layernorm", "post_mlp_layernorm"):
                out[f"{at}{name}.weight"] = (c["hidden_size"],)
            out[at + "self_attn.gate_proj.weight"] = (c["num_attention_heads"] * self.dim, c["hidden_size"])
            if self.sparse(i):
                out[at + "mlp.router.gate.weight"] = out.pop(at + "mlp.gate.weight")
        return out


class DeepSeekSparse(DeepSeek):
    """An indexer chooses the tokens that each one reads."""

    def turned(self, x, cos, sin):
        turn = rotate if self.c["model_type"] == "deepseek_v32" else self.turn
        return np.concatenate([turn(x[..., :self.rotated], cos, sin), x[..., self.rotated:]], -1)

    def attention(self, i, y, w, at, cos, sin):
        c, own = self.c, at + "indexer."
        if self.reuses(i):
            return super().attention(i, y, w, at, cos, sin)
        heads, width, most = c["index_n_heads"], c["index_head_dim"], c["index_topk"]
        read = later_decoders._rms(1e-6)(linear(y, w, at + "q_a_proj"), w, at + "q_a_layernorm")
        q = self.turned(split_heads(linear(read, w, own + "wq_b"), width), cos, sin)
        k = self.turned(split_heads(_layer(1e-6)(linear(y, w, own + "wk"), w, own + "k_norm"), width), cos, sin)
        scores = np.maximum(q @ k.swapaxes(-1, -2), 0) * (width * heads) ** -0.5
        scores = np.einsum("bth,bhts->bts", linear(y, w, own + "weights_proj"), scores)
        allowed = causal(self.mask, None)
        ranked = -np.sort(-np.where(allowed, scores, -np.inf), -1)
        self.seen = allowed
        if most < ranked.shape[-1]:
            limit, rest = ranked[..., most - 1:most], ranked[..., most:most + 1]
            left = np.isfinite(rest) & (self.mask == 1)[..., None]
            Experts.margin = min(Experts.margin, 2 * (limit[left] - rest[left]).min() / scores[allowed].std())
            self.seen = allowed & (scores >= limit)
        return super().attention(i, y, w, at, cos, sin)

    def allowed(self):
        return self.seen

    def reuses(self, layer):
        """A layer without an indexer reads what the last one with an indexer has chosen."""
        return self.c.get("indexer_types", ["full"] * (layer + 1))[layer] == "shared"

    def shapes(self):
        c, out = self.c, super().shapes()
        heads, width = c["index_n_heads"], c["index_head_dim"]
        for i in range(c["num_hidden_layers"]):
            if self.reuses(i):
                continue
            at = f"model.layers.{i}.self_attn.indexer."
            out[at + "wq_b.weight"] = (heads * width, c["q_lora_rank"])
            out[at + "wk.weight"] = (width, c["hidden_size"])
            out[at + "k_norm.weight"] = out[at + "k_norm.bias"] = (width,)
            out[at + "weights_proj.weight"] = (heads, c["hidden_size"])
        return out


class Longcat(DeepSeek):
    """Two attentions and MLPs a layer, beside whose second half runs a mixture with idle experts."""

    correction, router, spread, theta = "router.e_score_correction_bias", "router.classifier", 5.0, 10000000.0

    def __init__(self, c):
        super().__init__({"rope_scaling": None, "intermediate_size": c["ffn_hidden_size"], "moe_intermediate_size": c["expert_ffn_hidden_size"], "num_experts_per_tok": c["moe_topk"],
                          "n_shared_experts": 0, "first_k_dense_replace": 0, "norm_topk_prob": False, **c, "num_hidden_layers": c["num_layers"]})

    def sparse(self, layer):
        return True

    def normalized(self):
        return False

    def shared(self, layer, x, w, at):
        return 0.0

    def scores(self, layer, x, w, at):
        found = softmax(linear(x, w, at + self.router))
        return found, found + w[at + self.correction], found

    def expert(self, expert, x, w, at):
        return x if expert >= self.c["n_routed_experts"] else super().expert(expert, x, w, at)

    def attention(self, i, y, w, at, cos, sin):
        hidden = self.c["hidden_size"]
        scaled = {at + name + ".weight": w[at + name + ".weight"] * (hidden / self.c[field]) ** 0.5 for name, field in (
            ("q_a_layernorm", "q_lora_rank"), ("kv_a_layernorm", "kv_lora_rank"))}
        return super().attention(i, y, {**w, **scaled}, at, cos, sin)

    def run(self, w, ids, mask, positions, lengths):
        c, norm = self.c, self.norm()
        self.mask = mask
        cos, sin = cos_sin(c, positions, lengths, c["rope_theta"], None, self.dim, 1.0)
        x = w["model.embed_tokens.weight"][ids]
        hidden = [x]
        for i in range(c["num_layers"]):
            at, passed = f"model.layers.{i}.", None
            for half in "01":
                own = f"{at}self_attn.{half}."
                y = self.attention(i, norm(x, w, f"{at}input_layernorm.{half}"), w, own, cos, sin)
                x = x + linear(y, w, own + "o_proj")
                y = norm(x, w, f"{at}post_attention_layernorm.{half}")
                passed = self.mlp(i, y, w) if passed is None else passed
                x = x + self._gated(y, w, f"{at}mlps.{half}.", "gate_proj", "up_proj", "down_proj")
            x = x + passed
            hidden.append(x)
        hidden[-1] = norm(x, w, "model.norm")
        return hidden[-1] @ w["lm_head.weight"].T, hidden

    def shapes(self):
        c, out = self.c, {}
        hidden, inner, wide = c["hidden_size"], c["expert_ffn_hidden_size"], c["ffn_hidden_size"]
        total = c["n_routed_experts"] + c["zero_expert_num"]
        for name, shape in super().shapes().items():
            if ".self_attn." in name:
                out |= {name.replace("self_attn.", f"self_attn.{half}."): shape for half in "01"}
            elif "layernorm." in name and ".layers." in name:
                out |= {name.replace("layernorm.", f"layernorm.{half}."): shape for half in "01"}
            elif ".mlp." not in name:
                out[name] = shape
        for i in range(c["num_layers"]):
            at = f"model.layers.{i}."
            for path, width, count in [(f"mlps.{half}.", wide, 1) for half in "01"] + [
                    (f"mlp.experts.{e}.", inner, e < c["n_routed_experts"]) for e in range(total)]:
                out[at + path + "gate_proj.weight"] = out[at + path + "up_proj.weight"] = (width, hidden)
                if count:
                    out[at + path + "down_proj.weight"] = (hidden, width)
            out[at + "mlp.router.classifier.weight"] = (total, hidden)
            out[at + "mlp.router.e_score_correction_bias"] = (total,)
        return out


class PhiMoe(Mixture):
    """Layer norms; two experts, each weighted among those whose scores are near the best of the rest."""

    at_mlp, gate, up_proj, down_proj = "block_sparse_moe.", "w1", "w3", "w2"
    count_field, width_field, theta = "num_local_experts", "intermediate_size", 1000000.0

    def __init__(self, c):
        super().__init__(c)
        self.head_bias = c.get("lm_head_bias", False)

    def norm(self):
        return _layer(self.c["rms_norm_eps"])

    def norm_bias(self):
        return True

    def biases(self):
        return (self.c["attention_bias"],) * 2 + (False,)

    def window(self, layer):
        return self.c.get("sliding_window")

    def attention(self, i, y, w, at, cos, sin):
        scaling = self.c.get("rope_scaling")
        if scaling:
            # The factors of the configuration instead of the computed one.
            size = np.sqrt(cos[..., :1] ** 2 + sin[..., :1] ** 2)
            factor = scaling["long_mscale" if self.length > scaling["original_max_position_embeddings"] else "short_mscale"]
            cos, sin = cos / size * factor, sin / size * factor
        return super().attention(i, y, w, at, cos, sin)

    def mlp(self, layer, x, w):
        at = f"model.layers.{layer}.{self.at_mlp}"
        scores = linear(x, w, at + "gate")
        rest, out = scores.copy(), np.zeros_like(x)
        limit = 2 * self.c["router_jitter_noise"]
        for _ in range(2):
            best, chosen = rest.max(-1, keepdims=True), rest.argmax(-1)
            ranked = np.sort(rest, -1)
            distance = (best - scores) / np.maximum(np.abs(scores), best)
            left = np.isfinite(rest)
            Experts.margin = min(Experts.margin, 0.7 * (ranked[..., -1] - ranked[..., -2]).min(),
                                 15 * np.abs(distance - limit)[left].min())
            gates = softmax(np.where(left & (distance <= limit), scores, -np.inf))
            for b, t in np.ndindex(x.shape[:2]):
                expert = chosen[b, t]
                out[b, t] += gates[b, t, expert] * self.expert(expert, x[b, t], w, at)
                rest[b, t, expert] = -np.inf
        return out

    def run(self, w, ids, mask, positions, lengths):
        self.length = max(lengths)
        logits, hidden = super().run(w, ids, mask, positions, lengths)
        return logits + w.get("lm_head.bias", 0.0), hidden


FAMILIES = {"minicpm3": MiniCpm3, "exaone_moe": Exaone, "afmoe": Afmoe, "phimoe": PhiMoe,
            "deepseek_v32": DeepSeekSparse, "glm_moe_dsa": DeepSeekSparse,
            "longcat_flash": Longcat}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def run(model_type):
    return lambda c, w, *given: FAMILIES[model_type](c).run(w, *given)


PASSES = {name: run(name) for name in FAMILIES}


def cases(like):
    exaone = {"num_experts": 8, "num_shared_experts": 2, "num_experts_per_tok": 2, "moe_intermediate_size": 8,
              "first_k_dense_replace": 1, "norm_topk_prob": True, "routed_scaling_factor": 1.5, "head_dim": 6}
    phi = {"num_local_experts": 3, "num_experts_per_tok": 2, "intermediate_size": 10, "rms_norm_eps": 1e-5,
           "input_jitter_noise": 0.0, "original_max_position_embeddings": 32}
    return {
        "minicpm3": like("minicpm3", "MiniCPM3ForCausalLM", q_lora_rank=12, kv_lora_rank=10, qk_nope_head_dim=6,
                         qk_rope_head_dim=4, v_head_dim=8, scale_emb=3, scale_depth=0.8, dim_model_base=8,
                         attention_bias=True, mlp_bias=True, tie_word_embeddings=True,
                         rope_scaling={"long_factor": [1.5, 3.5], "short_factor": [1.0, 1.25], "rope_type": "longrope",
                                       "original_max_position_embeddings": 32}),
        "minicpm3_plain": like("minicpm3", "MiniCPM3ForCausalLM", q_lora_rank=None, kv_lora_rank=10,
                               qk_nope_head_dim=4, qk_rope_head_dim=4, v_head_dim=None, scale_emb=3, scale_depth=None,
                               dim_model_base=None),
        "exaone_moe": like("exaone_moe", "ExaoneMoeForCausalLM", 3, n_group=2, topk_group=1, sliding_window=6,
                           sliding_window_pattern=4, layer_types=[SLIDING, FULL, SLIDING], **exaone),
        "exaone_moe_full": like("exaone_moe", "ExaoneMoeForCausalLM", n_group=1, topk_group=1, sliding_window=None,
                                sliding_window_pattern=0, layer_types=[FULL, FULL], **exaone),
        "afmoe": like("afmoe", "AfmoeForCausalLM", 3, head_dim=6, num_experts=5, num_shared_experts=2,
                      num_experts_per_tok=2, moe_intermediate_size=8, num_dense_layers=1, route_scale=1.5,
                      mup_enabled=True, sliding_window=6, global_attn_every_n_layers=2),
        "deepseek_v32": like("deepseek_v32", "DeepseekV32ForCausalLM", 2, q_lora_rank=12, kv_lora_rank=10,
                             qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8, n_routed_experts=6, n_shared_experts=1,
                             num_experts_per_tok=3, moe_intermediate_size=8, first_k_dense_replace=1, n_group=2,
                             topk_group=1, norm_topk_prob=True, routed_scaling_factor=2.5, index_topk=20, index_n_heads=8,
                             index_head_dim=6, layer_types=["deepseek_sparse_attention"] * 2,
                             mlp_layer_types=["dense", "sparse"]),
        "glm_moe_dsa": like("glm_moe_dsa", "GlmMoeDsaForCausalLM", 2, q_lora_rank=12, kv_lora_rank=10,
                            qk_nope_head_dim=6, qk_rope_head_dim=4, qk_head_dim=10, v_head_dim=10, n_routed_experts=6,
                            n_shared_experts=1, num_experts_per_tok=2, moe_intermediate_size=8, first_k_dense_replace=1,
                            n_group=1, topk_group=1, norm_topk_prob=True, routed_scaling_factor=2.5, index_topk=20,
                            index_n_heads=8, index_head_dim=8, indexer_rope_interleave=True, scoring_func="sigmoid",
                            topk_method="noaux_tc", mlp_layer_types=["dense", "sparse"]),
        "glm_moe_dsa_shared": like("glm_moe_dsa", "GlmMoeDsaForCausalLM", 3, q_lora_rank=12, kv_lora_rank=10,
                                   qk_nope_head_dim=6, qk_rope_head_dim=4, qk_head_dim=10, v_head_dim=10, n_routed_experts=4,
                                   n_shared_experts=1, num_experts_per_tok=2, moe_intermediate_size=6, first_k_dense_replace=2,
                                   n_group=1, topk_group=1, norm_topk_prob=True, routed_scaling_factor=2.5, index_topk=22,
                                   index_n_heads=8, index_head_dim=8, indexer_rope_interleave=True, scoring_func="sigmoid",
                                   topk_method="noaux_tc", mlp_layer_types=["dense", "dense", "sparse"],
                                   indexer_types=["full", "full", "shared"]),
        "longcat_flash": like("longcat_flash", "LongcatFlashForCausalLM", 4, num_layers=2, ffn_hidden_size=24,
                              q_lora_rank=12, kv_lora_rank=10, qk_nope_head_dim=6, qk_rope_head_dim=4, qk_head_dim=10,
                              v_head_dim=8, n_routed_experts=4, zero_expert_num=2, moe_topk=2, expert_ffn_hidden_size=8,
                              routed_scaling_factor=1.5, attention_bias=False, drop=("intermediate_size",)),
        "phimoe": like("phimoe", "PhiMoEForCausalLM", 1, router_jitter_noise=0.3, attention_bias=True, lm_head_bias=True,
                       sliding_window=None, rope_scaling={
                           "long_factor": [1.5, 3.5], "short_factor": [1.0, 1.25], "rope_type": "longrope",
                           "long_mscale": 1.4, "short_mscale": 0.8, "original_max_position_embeddings": 32}, **phi),
        "phimoe_window": like("phimoe", "PhiMoEForCausalLM", 1, router_jitter_noise=0.3, attention_bias=False,
                              lm_head_bias=False, sliding_window=6, rope_scaling=None, **phi),
    }
