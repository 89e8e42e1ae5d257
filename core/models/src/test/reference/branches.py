"""Decoders whose layers have one branch each: Mamba-2 and Nemotron-H."""

import numpy as np

from hybrid_decoders import StateSpaces, sigmoid, silu
from later_decoders import Experts, _rms
from parts import ACTIVATIONS, linear, rms_norm


class Mamba2(StateSpaces):
    """State spaces only."""

    root, embeddings = "backbone", "embeddings"

    def __init__(self, c):
        super().__init__({**c, "num_attention_heads": c.get("num_attention_heads", 1)})

    def norm(self):
        return _rms(self.c["layer_norm_epsilon"])

    def sizes(self):
        c = self.c
        return c["expand"] * c["hidden_size"], c["num_heads"], c["n_groups"], c["state_size"]

    def names(self):
        """What the shared program calls the settings."""
        c = self.c
        return {**c, "mamba_d_conv": c["conv_kernel"], "mamba_proj_bias": c["use_bias"], "mamba_conv_bias": c["use_conv_bias"]}

    def gate(self, y, z, w, at):
        return rms_norm(y * silu(z), w[at + "norm.weight"], self.c["layer_norm_epsilon"])

    def branch(self, i, x, w, at, mask):
        return self.mamba(x, w, at, mask)

    def branch_shapes(self, i, out, at):
        stated, self.c = self.c, self.names()
        self.mamba_shapes(out, at, stated["use_bias"])
        self.c = stated

    def layers(self):
        return self.c["num_hidden_layers"]

    def run(self, w, ids, mask, positions, lengths):
        norm, root = self.norm(), self.root
        x = w[f"{root}.{self.embeddings}.weight"][ids]
        hidden = [x]
        for i in range(self.layers()):
            at = f"{root}.layers.{i}."
            x = x + self.branch(i, norm(x, w, at + "norm"), w, at + "mixer.", mask)
            hidden.append(x)
        hidden[-1] = norm(x, w, root + ".norm_f")
        head = f"{root}.{self.embeddings}" if self.c["tie_word_embeddings"] else "lm_head"
        return hidden[-1] @ w[head + ".weight"].T, hidden

    def shapes(self):
        c, root = self.c, self.root
        hidden = c["hidden_size"]
        out = {f"{root}.{self.embeddings}.weight": (c["vocab_size"], hidden), root + ".norm_f.weight": (hidden,)}
        if not c["tie_word_embeddings"]:
            out["lm_head.weight"] = (c["vocab_size"], hidden)
        for i in range(self.layers()):
            out[f"{root}.layers.{i}.norm.weight"] = (hidden,)
            self.branch_shapes(i, out, f"{root}.layers.{i}.mixer.")
        return out


class NemotronH(Mamba2):
    """A state space, attention without positions, an MLP or a mixture; stored under the names of the first files."""

    embeddings = "embedding"

    def sizes(self):
        c = self.c
        return c["mamba_num_heads"] * c["mamba_head_dim"], c["mamba_num_heads"], c["n_groups"], c["ssm_state_size"]

    def mamba(self, x, w, at, mask):
        stated = self.c
        self.c = {**stated, "time_step_limit": (stated["time_step_min"], np.inf)}
        y = super().mamba(x, w, at, mask)
        self.c = stated
        return y

    def gate(self, y, z, w, at):
        parts = (y * silu(z)).reshape(*y.shape[:2], self.c["n_groups"], -1)
        return rms_norm(parts, 1.0, self.c["layer_norm_epsilon"]).reshape(y.shape) * w[at + "norm.weight"]

    def kinds(self):
        named = {"linear_attention": "mamba", "full_attention": "attention"}
        letters = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
        c = self.c
        if "layers_block_type" in c:
            return [named.get(kind, kind) for kind in c["layers_block_type"]]
        return [letters[letter] for letter in c["hybrid_override_pattern"]]

    def layers(self):
        return len(self.kinds())

    def dense(self, x, w, at):
        return linear(ACTIVATIONS[self.c["mlp_hidden_act"]](linear(x, w, at + "up_proj")), w, at + "down_proj")

    def mixture(self, x, w, at):
        c = self.c
        own = sigmoid(linear(x, w, at + "gate"))
        choice, k = own + w[at + "gate.e_score_correction_bias"], c["num_experts_per_tok"]
        ranked = np.sort(choice, -1)
        Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min() * 5)
        chosen = np.argsort(-choice, axis=-1)[..., :k]
        wide = c.get("moe_latent_size") is not None
        read = linear(x, w, at + "fc1_latent_proj") if wide else x
        out = np.zeros_like(read)
        for b, t in np.ndindex(x.shape[:2]):
            weights = own[b, t, chosen[b, t]]
            if c["norm_topk_prob"]:
                weights = weights / weights.sum()
            for expert, weight in zip(chosen[b, t], weights * c["routed_scaling_factor"]):
                out[b, t] += weight * self.dense(read[b, t], w, f"{at}experts.{expert}.")
        out = linear(out, w, at + "fc2_latent_proj") if wide else out
        return out + self.dense(x, w, at + "shared_experts.")

    def branch(self, i, x, w, at, mask):
        kind = self.kinds()[i]
        if kind == "mamba":
            return self.mamba(x, w, at, mask)
        if kind == "attention":
            return self.attention(x, w, at, mask, None)
        return self.mixture(x, w, at) if kind == "moe" else self.dense(x, w, at)

    def branch_shapes(self, i, out, at):
        c, kind = self.c, self.kinds()[i]
        hidden, bias = c["hidden_size"], c["mlp_bias"]

        def plain(at, width, inner, bias):
            self.projection(out, at + "up_proj", width, inner, bias)
            self.projection(out, at + "down_proj", inner, width, bias)

        if kind == "mamba":
            super().branch_shapes(i, out, at)
        elif kind == "attention":
            self.attention_shapes(out, at)
        elif kind == "mlp":
            plain(at, hidden, c["intermediate_size"], bias)
        else:
            width = c.get("moe_latent_size") or hidden
            self.projection(out, at + "gate", hidden, c["n_routed_experts"])
            out[at + "gate.e_score_correction_bias"] = (c["n_routed_experts"],)
            for expert in range(c["n_routed_experts"]):
                plain(f"{at}experts.{expert}.", width, c["moe_intermediate_size"], False)
            plain(at + "shared_experts.", hidden, c["moe_shared_expert_intermediate_size"], bias)
            if width != hidden:
                self.projection(out, at + "fc1_latent_proj", hidden, width, bias)
                self.projection(out, at + "fc2_latent_proj", width, hidden, bias)


FAMILIES = {"mamba2": Mamba2, "nemotron_h": NemotronH}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def run(model_type):
    return lambda c, w, *given: FAMILIES[model_type](c).run(w, *given)


PASSES = {name: run(name) for name in FAMILIES}


def cases(vocabulary, hidden):
    base = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "dtype": "float32", "hidden_size": hidden,
            "vocab_size": vocabulary, "initializer_range": 0.1, "residual_in_fp32": True, "time_step_max": 0.1,
            "time_step_floor": 0.0001, "chunk_size": 8, "transformers_version": "4.57.0", "use_cache": True,
            "rescale_prenorm_residual": False, "conv_kernel": 3, "layer_norm_epsilon": 1e-5, "expand": 2}
    pure = {**base, "architectures": ["Mamba2ForCausalLM"], "model_type": "mamba2", "num_hidden_layers": 2,
            "hidden_act": "silu", "rms_norm": True, "time_step_rank": 1, "time_step_min": 0.001, "state_size": 6,
            "num_heads": 8, "head_dim": 4, "n_groups": 2}
    nemotron = {**base, "architectures": ["NemotronHForCausalLM"], "model_type": "nemotron_h", "use_bias": False,
                "use_conv_bias": True, "mlp_bias": False, "attention_bias": False, "attention_dropout": 0.0,
                "hidden_dropout": 0.0, "intermediate_size": 24, "mlp_hidden_act": "relu2", "mamba_hidden_act": "silu",
                "mamba_num_heads": 6, "mamba_head_dim": 4, "ssm_state_size": 6, "n_groups": 2, "time_step_min": 0.3,
                "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6, "max_position_embeddings": 64,
                "mamba_proj_bias": False, "use_mamba_kernels": True, "num_logits_to_keep": 1, "sliding_window": None,
                "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 10,
                "moe_shared_expert_intermediate_size": 12, "moe_latent_size": None, "n_group": 1, "topk_group": 1,
                "norm_topk_prob": True, "routed_scaling_factor": 1.5, "tie_word_embeddings": False,
                "num_nextn_predict_layers": 0, "mtp_layers_block_type": ["attention", "moe"],
                "time_step_limit": [0.0, {"__float__": "Infinity"}], "mamba_ssm_cache_dtype": "float32"}
    return {
        "mamba2": {**pure, "use_bias": True, "use_conv_bias": False, "tie_word_embeddings": False,
                   "time_step_limit": [0.2, 1.5]},
        "mamba2_tied": {**pure, "use_bias": False, "use_conv_bias": True, "tie_word_embeddings": True, "n_groups": 1,
                        "time_step_limit": [0.0, 1000.0]},
        "nemotron_h": {**nemotron, "mlp_bias": True, "use_bias": True, "hybrid_override_pattern": "M-*-M",
                       "num_hidden_layers": 5},
        "nemotron_h_moe": {**nemotron, "layers_block_type": ["linear_attention", "moe", "full_attention"]},
        "nemotron_h_latent": {**nemotron, "layers_block_type": ["mamba", "moe", "attention"], "moe_latent_size": 8, "routed_scaling_factor": 0.7},
    }
