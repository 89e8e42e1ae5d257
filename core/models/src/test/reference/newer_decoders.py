"""Decoders of 2025 and 2026 with parts of their own."""

import math

import numpy as np

from later_decoders import Family, Gemma
from parts import attend, causal, linear, rms_norm, rotate, split_heads
from rotary import cos_sin


class Apertus(Family):
    theta = 12000000.0
    query_norm, key_norm = "q_norm", "k_norm"
    names = {"before attention": "attention_layernorm", "before mlp": "feedforward_layernorm"}
    up, down = "up_proj", "down_proj"

    def biases(self):
        own = self.c.get("attention_bias", False)
        return own, own, False

    def run(self, w, *inputs):
        self.w = w
        return super().run(w, *inputs)

    def act(self):
        """One activation a layer, in the order of the layers."""
        self.layer = getattr(self, "layer", -1) + 1
        at = f"model.layers.{self.layer}.mlp.act_fn."
        above = math.log1p(math.exp(self.w[at + "alpha_p"][0]))
        below = 0.5 + math.log1p(math.exp(self.w[at + "alpha_n"][0]))

        def xielu(x):
            bent = np.expm1(np.minimum(x, -1e-6)) - x
            return np.where(x > 0, above * x * x, below * bent) + 0.5 * x
        return xielu

    def shapes(self):
        out = super().shapes()
        for i in range(self.c["num_hidden_layers"]):
            at = f"model.layers.{i}.mlp.act_fn."
            out[at + "alpha_p"] = out[at + "alpha_n"] = (1,)
        return out


class Ministral3(Family):
    theta = 1000000.0

    def prefix(self):
        return "model."

    def run(self, w, ids, mask, positions, lengths):
        c, d, eps = self.c, self.dim, self.c["rms_norm_eps"]
        rope = c["rope_parameters"]
        cos, sin = cos_sin(c, positions, lengths, rope["rope_theta"], rope, d, 1.0)
        grown = 1 + rope["llama_4_scaling_beta"] * np.log1p(
            np.floor(positions / rope["original_max_position_embeddings"]))
        x = w["model.embed_tokens.weight"][ids]
        hidden = [x]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            y = rms_norm(x, w[at + "input_layernorm.weight"], eps)
            q, k, v = (split_heads(linear(y, w, f"{at}self_attn.{n}_proj"), d) for n in "qkv")
            q = rotate(q, cos, sin) * grown[:, None, :, None]
            y = attend(q, rotate(k, cos, sin), v, causal(mask, c.get("sliding_window")), d**-0.5)
            x = x + linear(y, w, at + "self_attn.o_proj")
            y = rms_norm(x, w[at + "post_attention_layernorm.weight"], eps)
            y = self.act()(linear(y, w, at + "mlp.gate_proj")) * linear(y, w, at + "mlp.up_proj")
            x = x + linear(y, w, at + "mlp.down_proj")
            hidden.append(x)
        hidden[-1] = rms_norm(x, w["model.norm.weight"], eps)
        tied = c.get("tie_word_embeddings", False)
        return hidden[-1] @ w["model.embed_tokens.weight" if tied else "lm_head.weight"].T, hidden


class VaultGemma(Gemma):
    """Gemma 2 without norms after branches; here without caps, and with the usual factor of scores."""

    names = {"before mlp": "pre_feedforward_layernorm"}

    def window(self, layer):
        return self.c["sliding_window"] if self.c["layer_types"][layer] == "sliding_attention" else None


class Whole:
    """A text model inside a larger one, under the names of Transformers 4."""

    def __init__(self, c):
        self.config = c["text_config"]
        self.kind = self.config["model_type"]

    @staticmethod
    def _outer(name):
        return "language_model." + name

    def run(self, w, *inputs):
        import decoders
        inner = {name[len("language_model."):]: value for name, value in w.items()}
        return decoders.FAMILIES[self.kind](self.config, inner, *inputs)

    def shapes(self):
        import shapes as reference_shapes
        return {self._outer(name): shape for name, shape in reference_shapes.decoder_shapes(self.config).items()}


class QwenVision:
    """The text model of Qwen 2-VL to 3-VL, nested or not; the sections of its positions are equal in texts."""

    def __init__(self, c):
        self.nested, text = "text_config" in c, c.get("text_config", c)
        rope = text.get("rope_parameters", {})
        kind = "qwen3" if c["model_type"].startswith("qwen3") else "qwen2"
        self.config = {**text, "model_type": kind, "rope_scaling": None,
                       "rope_theta": rope.get("rope_theta", text.get("rope_theta")),
                       "tie_word_embeddings": c["tie_word_embeddings"]}

    def run(self, w, *inputs):
        import decoders
        inner = {name.replace("model.language_model.", "model."): value for name, value in w.items()}
        return decoders.FAMILIES[self.config["model_type"]](self.config, inner, *inputs)

    def shapes(self):
        import shapes as reference_shapes
        own = reference_shapes.decoder_shapes(self.config)
        if self.nested:
            own = {name.replace("model.", "model.language_model.", 1): shape for name, shape in own.items()}
        return {**own, ("model." if self.nested else "") + "visual.patch_embed.weight": (6, 4)}


class QwenVisionMoe(QwenVision):
    """The same with experts, whose matrices are stored [experts, in, out]; their weights sum to 1."""

    def __init__(self, c):
        super().__init__(c)
        from later_decoders import Qwen3Moe
        self.inner = Qwen3Moe({**self.config, "norm_topk_prob": True, "mlp_only_layers": []})

    def run(self, w, *inputs):
        own = {}
        for name, value in w.items():
            name = name.replace("model.language_model.", "model.")
            at = name.rpartition(".")[0]
            if name.endswith("experts.gate_up_proj"):
                for e, (gate, up) in enumerate(np.split(one, 2, 1) for one in value):
                    own[f"{at}.{e}.gate_proj.weight"], own[f"{at}.{e}.up_proj.weight"] = gate.T, up.T
            elif name.endswith("experts.down_proj"):
                own |= {f"{at}.{e}.down_proj.weight": one.T for e, one in enumerate(value)}
            else:
                own[name] = value
        return self.inner.run(own, *inputs)

    def shapes(self):
        out, own = {}, self.inner.shapes()
        experts, inner, hidden = (self.config[n] for n in ("num_experts", "moe_intermediate_size", "hidden_size"))
        for name, shape in own.items():
            at, _, last = name.partition(".experts.")
            if last:
                out[at + ".experts.gate_up_proj"] = (experts, hidden, 2 * inner)
                out[at + ".experts.down_proj"] = (experts, inner, hidden)
            else:
                out[name] = shape
        out = {name.replace("model.", "model.language_model.", 1): shape for name, shape in out.items()}
        return {**out, "model.visual.patch_embed.weight": (6, 4)}


class Olmo(Family):
    """Norms without weights; queries, keys and values are clipped."""

    def norm(self):
        def normal(x, w, name):
            y = x - x.mean(-1, keepdims=True)
            return y / np.sqrt((y * y).mean(-1, keepdims=True) + 1e-5)
        return normal

    def run(self, w, ids, mask, positions, lengths):
        norm, d, most = self.norm(), self.dim, self.c.get("clip_qkv") or np.inf
        cos, sin = cos_sin(self.c, positions, lengths, self.c["rope_theta"], None, d, 1.0)
        x = w["model.embed_tokens.weight"][ids]
        hidden = [x]
        for i in range(self.c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            read = norm(x, w, "")
            q, k, v = (split_heads(np.clip(linear(read, w, f"{at}self_attn.{n}_proj"), -most, most), d) for n in "qkv")
            y = attend(rotate(q, cos, sin), rotate(k, cos, sin), v, causal(mask), d**-0.5)
            x = x + linear(y, w, at + "self_attn.o_proj")
            read = norm(x, w, "")
            gate, up = (linear(read, w, f"{at}mlp.{n}_proj") for n in ("gate", "up"))
            x = x + linear(self.act()(gate) * up, w, at + "mlp.down_proj")
            hidden.append(x)
        hidden[-1] = norm(x, w, "")
        head = "model.embed_tokens.weight" if self.c["tie_word_embeddings"] else "lm_head.weight"
        return hidden[-1] @ w[head].T, hidden

    def shapes(self):
        return {name: shape for name, shape in super().shapes().items() if "norm" not in name}


FAMILIES = {"olmo": Olmo, "apertus": Apertus, "ministral3": Ministral3, "mistral3": Whole, "gemma3": Whole, "vaultgemma": VaultGemma,
            "qwen2_5_vl": QwenVision, "qwen3_vl": QwenVision, "qwen3_vl_moe": QwenVisionMoe}


def run(model_type):
    return lambda c, w, *inputs: FAMILIES[model_type](c).run(w, *inputs)


PASSES = {name: run(name) for name in FAMILIES}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def cases(make):
    """Configurations; make makes those fields that all families have."""
    yarn = {"beta_fast": 4.0, "beta_slow": 1.0, "factor": 4.0, "llama_4_scaling_beta": 0.4, "mscale": 1.0,
            "mscale_all_dim": 1.0, "original_max_position_embeddings": 8, "rope_theta": 100.0,
            "rope_type": "yarn"}
    ministral3 = make("ministral3", "Ministral3ForCausalLM", head_dim=6, sliding_window=None,
                      rope_parameters=yarn, drop=("rope_theta",))
    whole = {name: ministral3[name] for name in (
        "bos_token_id", "dtype", "eos_token_id", "pad_token_id", "transformers_version")}
    gemma3 = {**make("gemma3_text", "", 3, head_dim=6, hidden_activation="gelu_pytorch_tanh",
                     drop=("architectures", "hidden_act", "tie_word_embeddings")),
              "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
              "query_pre_attn_scalar": 5, "rope_local_base_freq": 100.0, "rope_theta": 1000000.0,
              "sliding_window": 6}
    qwen3 = make("qwen3_vl_text", "", head_dim=6, attention_bias=True,
                 rope_parameters={"mrope_interleaved": True, "mrope_section": [1, 1, 1], "rope_theta": 500.0,
                                  "rope_type": "default"},
                 drop=("architectures", "rope_theta", "tie_word_embeddings"))
    vision = {"vision_config": {"depth": 1, "hidden_size": 6}, "image_token_id": 37, "video_token_id": 38,
              "vision_start_token_id": 35, "vision_end_token_id": 36}
    return {
        "qwen2_5_vl": make("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", 3, tie_word_embeddings=True,
                           rope_theta=1000000.0, rope_scaling={"mrope_section": [1, 1, 0], "type": "mrope"},
                           max_window_layers=1, sliding_window=6, use_sliding_window=True, **vision),
        "qwen3_vl": {**whole, "architectures": ["Qwen3VLForConditionalGeneration"], "model_type": "qwen3_vl",
                     "text_config": qwen3, "tie_word_embeddings": False, "vocab_size": qwen3["vocab_size"],
                     "transformers_version": "5.15.0", **vision},
        "qwen3_vl_moe": {**whole, "architectures": ["Qwen3VLMoeForConditionalGeneration"], "model_type": "qwen3_vl_moe",
                         "text_config": {**qwen3, "model_type": "qwen3_vl_moe_text", "decoder_sparse_step": 2,
                                         "mlp_only_layers": [], "num_experts": 4, "num_experts_per_tok": 2,
                                         "moe_intermediate_size": 10, "norm_topk_prob": True},
                         "tie_word_embeddings": False, "vocab_size": qwen3["vocab_size"],
                         "transformers_version": "5.15.0", **vision},
        "olmo": make("olmo", "OlmoForCausalLM", clip_qkv=0.8, attention_bias=False, rope_scaling=None),
        "vaultgemma": make("vaultgemma", "VaultGemmaForCausalLM", drop=("hidden_act",), head_dim=6,
                           query_pre_attn_scalar=6, attn_logit_softcapping=None, final_logit_softcapping=None,
                           sliding_window=6, layer_types=["full_attention", "sliding_attention"],
                           hidden_activation="gelu_pytorch_tanh", tie_word_embeddings=True),
        "gemma3": {**whole, "architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
                   "text_config": gemma3, "vocab_size": gemma3["vocab_size"]},
        "apertus": make("apertus", "ApertusForCausalLM", hidden_act="xielu", attention_bias=True,
                        rope_theta=1000.0, rope_scaling={
                            "factor": 4.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
                            "original_max_position_embeddings": 16, "rope_type": "llama3"}),
        "ministral3": ministral3,
        "mistral3": {**whole, "architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3",
                     "text_config": {**ministral3, "tie_word_embeddings": True},
                     "tie_word_embeddings": True, "vocab_size": ministral3["vocab_size"]},
    }
