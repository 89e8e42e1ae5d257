"""Decoders of later years: passes, tensors and tiny configurations, one table a family."""

import numpy as np

from parts import (ACTIVATIONS, attend, causal, layer_norm, linear, rms_norm, rotate, split_heads)
from rotary import cos_sin

SLIDING, FULL = "sliding_attention", "full_attention"


def _rms(eps, offset=0.0):
    return lambda x, w, name: rms_norm(x, offset + w[name + ".weight"], eps)


def _layer(eps, offset=0.0):
    def norm(x, w, name):
        return layer_norm(x, {**w, name + ".weight": offset + w[name + ".weight"]}, name, eps)
    return norm


def rotate_pairs(x, cos, sin):
    """(x0, x1), (x2, x3), ... each by its angle; the tables repeat the angles in two halves."""
    width = cos.shape[-1]
    c, s = cos[:, None, :, : width // 2], sin[:, None, :, : width // 2]
    y = x.copy()
    even, odd = x[..., 0:width:2], x[..., 1:width:2]
    y[..., 0:width:2] = even * c - odd * s
    y[..., 1:width:2] = odd * c + even * s
    return y


class Family:
    """What differs; every default is Llama's."""

    tied = False
    head_dim = None
    share = 1.0
    theta = 10000.0
    placement = "before"
    names = {}
    output = "o_proj"
    final = "model.norm"
    gate_up, up, down = None, None, "down_proj"
    turn = staticmethod(rotate)
    query_norm = key_norm = None
    norm_after_rotation = False
    head_bias = False
    activation = "silu"

    def __init__(self, c):
        self.c = c
        self.dim = c.get("head_dim") or self.head_dim or c["hidden_size"] // c["num_attention_heads"]

    def norm(self):
        return _rms(self.c.get("rms_norm_eps", 1e-6))

    def norm_bias(self):
        return False

    def norm_heads(self, x, w, name):
        """Of queries or keys [rows, heads, tokens, width]."""
        return self.norm()(x, w, name)

    def head_norms(self, name, heads):
        """The names of the tensors of a norm of queries or keys, with their shapes."""
        out = {name + ".weight": (self.dim,)}
        if self.norm_bias():
            out[name + ".bias"] = (self.dim,)
        return out

    def biases(self):
        """Of query, key and value; of the output; of the MLP."""
        own = self.c.get("attention_bias", False)
        return own, own, self.c.get("mlp_bias", False)

    def embed(self):
        return 1.0

    def logits(self):
        return 1.0

    def window(self, layer):
        return None

    def scaling(self, layer):
        """The rope scaling of a layer; "none" for no rotation."""
        return self.c.get("rope_scaling")

    def types(self, default):
        return self.c.get("layer_types") or [default(i) for i in range(self.c["num_hidden_layers"])]

    def act(self):
        return ACTIVATIONS[self.c.get("hidden_act", self.activation)]

    def norm_names(self):
        own = {"before attention": "input_layernorm", "after attention": "post_attention_layernorm",
               "before mlp": "post_attention_layernorm", "after mlp": "post_feedforward_layernorm"}
        own.update(self.names)
        kept = {"before": ("before attention", "before mlp"), "after": ("after attention", "after mlp"),
                "both": tuple(own), "shared": ("before attention",)}[self.placement]
        return {place: own[place] for place in kept}

    def run(self, w, ids, mask, positions, lengths):
        c, norm, d = self.c, self.norm(), self.dim
        names = self.norm_names()

        def table(scaling):
            return cos_sin(c, positions, lengths, c.get("rope_theta", self.theta), scaling, d,
                           c.get("partial_rotary_factor", self.share))

        def at_place(place, x, at):
            return norm(x, w, at + names[place]) if place in names else x

        def attention(i, x, at):
            q, k, v = (split_heads(linear(x, w, at + n + "_proj"), d) for n in "qkv")
            scaling = self.scaling(i)

            def turned(q, k):
                if scaling == "none":
                    return q, k
                cos, sin = table(scaling)
                return self.turn(q, cos, sin), self.turn(k, cos, sin)

            def normed(q, k):
                if self.query_norm is None:
                    return q, k
                return (self.norm_heads(q, w, at + self.query_norm),
                        self.norm_heads(k, w, at + self.key_norm))

            q, k = normed(*turned(q, k)) if self.norm_after_rotation else turned(*normed(q, k))
            y = attend(q, k, v, causal(mask, self.window(i)), d**-0.5)
            return linear(y, w, at + self.output)

        def mlp(x, at):
            if self.up is not None:
                return linear(self.act()(linear(x, w, at + self.up)), w, at + self.down)
            if self.gate_up is not None:
                gate, up = np.split(linear(x, w, at + self.gate_up), 2, -1)
            else:
                gate, up = linear(x, w, at + "gate_proj"), linear(x, w, at + "up_proj")
            return linear(self.act()(gate) * up, w, at + self.down)

        x = w["model.embed_tokens.weight"][ids] * self.embed()
        hidden = [x]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            read = at_place("before attention", x, at)
            mixed = at_place("after attention", attention(i, read, at + "self_attn."), at)
            if self.placement == "shared":
                x = x + mixed + mlp(read, at + "mlp.")
            else:
                x = x + mixed
                worked = mlp(at_place("before mlp", x, at), at + "mlp.")
                x = x + at_place("after mlp", worked, at)
            hidden.append(x)
        hidden[-1] = norm(x, w, self.final)
        tied = c.get("tie_word_embeddings", self.tied)
        head = w["model.embed_tokens.weight" if tied else "lm_head.weight"]
        logits = hidden[-1] @ head.T
        if self.head_bias:
            logits = logits + w["lm_head.bias"]
        return logits * self.logits(), hidden

    def shapes(self):
        c, d = self.c, self.dim
        hidden, inner, vocabulary = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
        heads, groups = c["num_attention_heads"] * d, c["num_key_value_heads"] * d
        out = {"model.embed_tokens.weight": (vocabulary, hidden)}
        qkv, output, wide = self.biases()

        def add_linear(name, width, height, bias):
            out[name + ".weight"] = (height, width)
            if bias:
                out[name + ".bias"] = (height,)

        def add_norm(name, width):
            out[name + ".weight"] = (width,)
            if self.norm_bias():
                out[name + ".bias"] = (width,)

        add_norm(self.final, hidden)
        if not c.get("tie_word_embeddings", self.tied):
            add_linear("lm_head", hidden, vocabulary, self.head_bias)
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            for name in self.norm_names().values():
                add_norm(at + name, hidden)
            for name, height in (("q_proj", heads), ("k_proj", groups), ("v_proj", groups)):
                add_linear(at + "self_attn." + name, hidden, height, qkv)
            add_linear(at + "self_attn." + self.output, heads, hidden, output)
            if self.query_norm is not None:
                out |= self.head_norms(at + "self_attn." + self.query_norm, heads // d)
                out |= self.head_norms(at + "self_attn." + self.key_norm, groups // d)
            if self.up is not None:
                add_linear(at + "mlp." + self.up, hidden, inner, wide)
            elif self.gate_up is not None:
                add_linear(at + "mlp." + self.gate_up, hidden, 2 * inner, wide)
            else:
                add_linear(at + "mlp.gate_proj", hidden, inner, wide)
                add_linear(at + "mlp.up_proj", hidden, inner, wide)
            add_linear(at + "mlp." + self.down, inner, hidden, wide)
        return out


class Gemma(Family):
    tied, head_dim = True, 256

    def norm(self):
        return _rms(self.c["rms_norm_eps"], 1.0)

    def embed(self):
        return self.c["hidden_size"] ** 0.5

    def act(self):
        return ACTIVATIONS[self.c.get("hidden_activation") or "gelu_pytorch_tanh"]


class Sliding(Family):
    """Windows by layer type."""

    def window(self, layer):
        kinds = self.types(lambda i: SLIDING if self.c.get("sliding_window") else FULL)
        return self.c.get("sliding_window") if kinds[layer] == SLIDING else None


class Olmo3(Sliding):
    placement = "after"
    theta = 500000.0

    def run(self, w, ids, mask, positions, lengths):
        # Norms over all queries and all keys, before the heads are split.
        eps, dim = self.c["rms_norm_eps"], self.dim
        c, x = self.c, w["model.embed_tokens.weight"][ids]
        hidden = [x]
        kinds = self.types(lambda i: SLIDING if (i + 1) % 4 else FULL)
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            q, k, v = (linear(x, w, f"{at}self_attn.{n}_proj") for n in "qkv")
            q = split_heads(rms_norm(q, w[at + "self_attn.q_norm.weight"], eps), dim)
            k = split_heads(rms_norm(k, w[at + "self_attn.k_norm.weight"], eps), dim)
            scaling = None if kinds[i] == SLIDING else c.get("rope_scaling")
            cos, sin = cos_sin(c, positions, lengths, c.get("rope_theta", self.theta), scaling, dim, 1.0)
            window = c["sliding_window"] if kinds[i] == SLIDING else None
            y = attend(rotate(q, cos, sin), rotate(k, cos, sin), split_heads(v, dim),
                       causal(mask, window), dim**-0.5)
            x = x + rms_norm(linear(y, w, at + "self_attn.o_proj"),
                             w[at + "post_attention_layernorm.weight"], eps)
            y = ACTIVATIONS["silu"](linear(x, w, at + "mlp.gate_proj")) * linear(x, w, at + "mlp.up_proj")
            x = x + rms_norm(linear(y, w, at + "mlp.down_proj"),
                             w[at + "post_feedforward_layernorm.weight"], eps)
            hidden.append(x)
        hidden[-1] = rms_norm(x, w["model.norm.weight"], eps)
        return hidden[-1] @ w["lm_head.weight"].T, hidden

    def shapes(self):
        out, c = super().shapes(), self.c
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}.self_attn."
            out[at + "q_norm.weight"] = (c["num_attention_heads"] * self.dim,)
            out[at + "k_norm.weight"] = (c["num_key_value_heads"] * self.dim,)
        return out


class LayerNormed(Family):
    eps_field = "layer_norm_eps"

    def norm(self):
        return _layer(self.c.get(self.eps_field, 1e-5))

    def norm_bias(self):
        return True


class Phi(LayerNormed):
    placement, share, output, final = "shared", 0.5, "dense", "model.final_layernorm"
    up, down, head_bias, activation = "fc1", "fc2", True, "gelu_new"

    def __init__(self, c):
        super().__init__(c)
        if c.get("qk_layernorm"):
            self.query_norm, self.key_norm = "q_layernorm", "k_layernorm"

    def biases(self):
        return True, True, True


class Starcoder2(LayerNormed):
    eps_field, tied, up, down, activation = "norm_epsilon", True, "c_fc", "c_proj", "gelu_pytorch_tanh"

    def biases(self):
        return (self.c.get("use_bias", True),) * 3

    def window(self, layer):
        return self.c.get("sliding_window")


class StableLm(LayerNormed):
    share = 0.25

    def __init__(self, c):
        super().__init__(c)
        if c.get("use_parallel_residual", False):
            self.placement = "shared"
        if c.get("qk_layernorm", False):
            self.query_norm, self.key_norm = "q_layernorm", "k_layernorm"

    def norm_heads(self, x, w, name):
        norm = _layer(self.c.get("layer_norm_eps", 1e-5))
        return np.stack([norm(x[:, i], w, f"{name}.norms.{i}") for i in range(x.shape[1])], 1)

    def head_norms(self, name, heads):
        return {f"{name}.norms.{i}.weight": (self.dim,) for i in range(heads)}

    def biases(self):
        return self.c.get("use_qkv_bias", False), False, False


class Nemotron(LayerNormed):
    share, up, activation = 0.5, "up_proj", "relu2"

    def norm(self):
        return _layer(self.c.get("norm_eps", 1e-5), 1.0)


class Arcee(Family):
    up, activation = "up_proj", "relu2"


class SeedOss(Family):
    head_dim = 128

    def biases(self):
        return (self.c.get("attention_bias", True), self.c.get("attention_out_bias", False),
                self.c.get("mlp_bias", False))


class Ernie45(Family):
    tied, head_dim, theta = True, 128, 500000.0
    turn = staticmethod(rotate_pairs)

    def biases(self):
        return (self.c.get("use_bias", False),) * 3


class Helium(Family):
    head_dim, theta = 128, 100000.0
    turn = staticmethod(rotate_pairs)

    def biases(self):
        return self.c.get("attention_bias", False), False, self.c.get("mlp_bias", False)


class Glm(Family):
    head_dim, share, gate_up = 128, 0.5, "gate_up_proj"
    turn = staticmethod(rotate_pairs)

    def biases(self):
        return self.c.get("attention_bias", False), False, False


class Glm4(Glm):
    placement = "both"
    names = {"after attention": "post_self_attn_layernorm", "after mlp": "post_mlp_layernorm"}


class Cohere(LayerNormed):
    tied, placement = True, "shared"
    turn = staticmethod(rotate_pairs)

    def __init__(self, c):
        super().__init__(c)
        if c.get("use_qk_norm", False):
            self.query_norm, self.key_norm = "q_norm", "k_norm"

    def norm_heads(self, x, w, name):
        own = {name + ".weight": w[name + ".weight"][:, None, :]}
        return self.norm()(x, own, name)

    def head_norms(self, name, heads):
        return {name + ".weight": (heads, self.dim)}

    def norm_bias(self):
        return False

    def logits(self):
        return self.c.get("logit_scale", 0.0625)


class Cohere2(Cohere):
    def _kinds(self):
        return self.types(lambda i: SLIDING if (i + 1) % self.c.get("_sliding_window_pattern", 4) else FULL)

    def window(self, layer):
        return self.c["sliding_window"] if self._kinds()[layer] == SLIDING else None

    def scaling(self, layer):
        return self.c.get("rope_scaling") if self._kinds()[layer] == SLIDING else "none"


class Exaone4(Sliding):
    placement, query_norm, key_norm = "after", "q_norm", "k_norm"

    def biases(self):
        return False, False, False

    def scaling(self, layer):
        rotated = self.c.get("sliding_window") is None or self.window(layer) is not None
        return self.c.get("rope_scaling") if rotated else "none"


class Hunyuan(Family):
    query_norm, key_norm, norm_after_rotation = "query_layernorm", "key_layernorm", True

    def __init__(self, c):
        scaling = c.get("rope_scaling")
        if scaling and scaling.get("alpha"):
            d = c["head_dim"]
            theta = c.get("rope_theta", 10000.0) * scaling["alpha"] ** (d / (d - 2))
            c = {**c, "rope_theta": theta, "rope_scaling": None}
        super().__init__(c)


class Experts(Family):
    """Each token goes to the experts with the largest router scores."""

    at_mlp, gate, up_proj, down_proj = "mlp.", "gate_proj", "up_proj", "down_proj"
    count_field, width_field = "num_experts", "moe_intermediate_size"

    # The smallest lead of a chosen expert over the best of the others, since it was set.
    margin = np.inf

    def sparse(self, layer):
        c = self.c
        return layer not in c.get("mlp_only_layers", []) and (layer + 1) % c.get("decoder_sparse_step", 1) == 0

    def normalized(self):
        return self.c.get("norm_topk_prob", False)

    def _gated(self, x, w, at, gate, up, down):
        return linear(self.act()(linear(x, w, at + gate)) * linear(x, w, at + up), w, at + down)

    def mlp(self, layer, x, w):
        at = f"model.layers.{layer}.{self.at_mlp}"
        if not self.sparse(layer):
            return self._gated(x, w, at, "gate_proj", "up_proj", "down_proj")
        scores = linear(x, w, at + "gate")
        chances = np.exp(scores - scores.max(-1, keepdims=True))
        chances /= chances.sum(-1, keepdims=True)
        ranked, k = np.sort(scores, axis=-1), self.c["num_experts_per_tok"]
        Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min())
        chosen = np.argsort(-chances, axis=-1)[..., :k]
        out = np.zeros_like(x)
        for b, t in np.ndindex(x.shape[:2]):
            weights = chances[b, t, chosen[b, t]]
            if self.normalized():
                weights = weights / weights.sum()
            for expert, weight in zip(chosen[b, t], weights):
                out[b, t] += weight * self._gated(x[b, t], w, f"{at}experts.{expert}.", self.gate, self.up_proj,
                                                  self.down_proj)
        if self.c.get("shared_expert_intermediate_size"):
            opened = 1 / (1 + np.exp(-linear(x, w, at + "shared_expert_gate")))
            out += opened * self._gated(x, w, at + "shared_expert.", "gate_proj", "up_proj", "down_proj")
        return out

    def query_key(self, q, k, w, at):
        return split_heads(q, self.dim), split_heads(k, self.dim)

    def run(self, w, ids, mask, positions, lengths):
        c, norm, d = self.c, self.norm(), self.dim
        cos, sin = cos_sin(c, positions, lengths, c.get("rope_theta", self.theta), c.get("rope_scaling"), d, 1.0)
        x = w["model.embed_tokens.weight"][ids]
        hidden = [x]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            y = norm(x, w, at + "input_layernorm")
            q, k, v = (linear(y, w, f"{at}self_attn.{n}_proj") for n in "qkv")
            q, k = self.query_key(q, k, w, at + "self_attn.")
            y = attend(rotate(q, cos, sin), rotate(k, cos, sin), split_heads(v, d),
                       causal(mask, c.get("sliding_window")), d**-0.5)
            x = x + linear(y, w, at + "self_attn.o_proj")
            x = x + self.mlp(i, norm(x, w, at + "post_attention_layernorm"), w)
            hidden.append(x)
        hidden[-1] = norm(x, w, "model.norm")
        tied = c.get("tie_word_embeddings", False)
        return hidden[-1] @ w["model.embed_tokens.weight" if tied else "lm_head.weight"].T, hidden

    def shapes(self):
        out, c = super().shapes(), self.c
        hidden, width = c["hidden_size"], c[self.width_field]

        def gated(at, inner, gate, up, down):
            out[at + gate + ".weight"] = out[at + up + ".weight"] = (inner, hidden)
            out[at + down + ".weight"] = (hidden, inner)

        for i in range(c["num_hidden_layers"]):
            if not self.sparse(i):
                continue
            for name in ("gate_proj", "up_proj", "down_proj"):
                del out[f"model.layers.{i}.mlp.{name}.weight"]
            at = f"model.layers.{i}.{self.at_mlp}"
            out[at + "gate.weight"] = (c[self.count_field], hidden)
            for expert in range(c[self.count_field]):
                gated(f"{at}experts.{expert}.", width, self.gate, self.up_proj, self.down_proj)
            if c.get("shared_expert_intermediate_size"):
                gated(at + "shared_expert.", c["shared_expert_intermediate_size"], "gate_proj", "up_proj",
                      "down_proj")
                out[at + "shared_expert_gate.weight"] = (1, hidden)
        return out


class Mixtral(Experts):
    at_mlp, gate, up_proj, down_proj = "block_sparse_moe.", "w1", "w3", "w2"
    count_field, width_field = "num_local_experts", "intermediate_size"

    def normalized(self):
        return True


class Qwen2Moe(Experts):
    def biases(self):
        return self.c.get("qkv_bias", True), False, False


class Qwen3Moe(Experts):
    query_norm, key_norm = "q_norm", "k_norm"

    def query_key(self, q, k, w, at):
        norm, d = self.norm(), self.dim
        return norm(split_heads(q, d), w, at + "q_norm"), norm(split_heads(k, d), w, at + "k_norm")


class Olmoe(Experts):
    width_field = "intermediate_size"

    def query_key(self, q, k, w, at):
        norm, d = self.norm(), self.dim
        return split_heads(norm(q, w, at + "q_norm"), d), split_heads(norm(k, w, at + "k_norm"), d)

    def shapes(self):
        out, c = super().shapes(), self.c
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}.self_attn."
            out[at + "q_norm.weight"] = (c["num_attention_heads"] * self.dim,)
            out[at + "k_norm.weight"] = (c["num_key_value_heads"] * self.dim,)
        return out


FAMILIES = {
    "mixtral": Mixtral, "qwen2_moe": Qwen2Moe, "qwen3_moe": Qwen3Moe, "olmoe": Olmoe,
    "gemma": Gemma, "ministral": Sliding, "olmo3": Olmo3, "phi": Phi, "starcoder2": Starcoder2,
    "stablelm": StableLm, "nemotron": Nemotron, "arcee": Arcee, "seed_oss": SeedOss,
    "ernie4_5": Ernie45, "helium": Helium, "glm": Glm, "glm4": Glm4, "cohere": Cohere,
    "cohere2": Cohere2, "exaone4": Exaone4, "hunyuan_v1_dense": Hunyuan,
}


def run(model_type):
    return lambda c, w, *inputs: FAMILIES[model_type](c).run(w, *inputs)


PASSES = {name: run(name) for name in FAMILIES}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def like(decoder):
    """Makes configurations; decoder makes those fields that all families have."""
    def made(model_type, architecture, layers=2, drop=(), **own):
        config = decoder(model_type, architecture, layers, **{"tie_word_embeddings": False, **own})
        return {name: value for name, value in config.items() if name not in drop}
    return made


def cases(decoder):
    """Configurations of the families."""

    make = like(decoder)
    layer_normed = ("rms_norm_eps",)
    return {
        "mixtral": make("mixtral", "MixtralForCausalLM", num_local_experts=4, num_experts_per_tok=2,
                        sliding_window=6, intermediate_size=12),
        "qwen2_moe": make("qwen2_moe", "Qwen2MoeForCausalLM", num_experts=5, num_experts_per_tok=2,
                          moe_intermediate_size=8, shared_expert_intermediate_size=12, norm_topk_prob=False,
                          decoder_sparse_step=1, mlp_only_layers=[], use_sliding_window=False, qkv_bias=True),
        "qwen3_moe": make("qwen3_moe", "Qwen3MoeForCausalLM", 3, num_experts=4, num_experts_per_tok=3, head_dim=6,
                          moe_intermediate_size=8, norm_topk_prob=True, decoder_sparse_step=1,
                          mlp_only_layers=[1], use_sliding_window=False, sliding_window=None),
        "olmoe": make("olmoe", "OlmoeForCausalLM", num_experts=6, num_experts_per_tok=2, norm_topk_prob=False,
                      intermediate_size=8, clip_qkv=None),
        "gemma": make("gemma", "GemmaForCausalLM", drop=("hidden_act",), head_dim=6, tie_word_embeddings=True,
                      hidden_activation="gelu_pytorch_tanh"),
        "ministral": make("ministral", "MinistralForCausalLM", 3, head_dim=6, sliding_window=6,
                          layer_types=[SLIDING, FULL, SLIDING]),
        "olmo3": make("olmo3", "Olmo3ForCausalLM", 4, sliding_window=6, drop=("layer_types",), rope_scaling={
            "beta_fast": 4.0, "beta_slow": 1.0, "factor": 4.0, "original_max_position_embeddings": 16,
            "rope_type": "yarn"}),
        "phi": make("phi", "PhiForCausalLM", drop=layer_normed, hidden_act="gelu_new", layer_norm_eps=1e-5),
        "phi_norms": make("phi", "PhiForCausalLM", drop=layer_normed, hidden_act="gelu_new",
                          qk_layernorm=True, partial_rotary_factor=1.0),
        "starcoder2": make("starcoder2", "Starcoder2ForCausalLM", drop=layer_normed, norm_epsilon=1e-5,
                           hidden_act="gelu_pytorch_tanh", sliding_window=6, use_bias=True,
                           tie_word_embeddings=True),
        "stablelm": make("stablelm", "StableLmForCausalLM", drop=layer_normed, layer_norm_eps=1e-5,
                         partial_rotary_factor=0.5, use_qkv_bias=True, use_parallel_residual=False),
        "stablelm_parallel": make("stablelm", "StableLmForCausalLM", drop=layer_normed, layer_norm_eps=1e-5,
                                  partial_rotary_factor=0.5, use_parallel_residual=True),
        "stablelm_norms": make("stablelm", "StableLmForCausalLM", drop=layer_normed, layer_norm_eps=1e-5,
                               partial_rotary_factor=0.5, use_parallel_residual=True, qk_layernorm=True),
        "nemotron": make("nemotron", "NemotronForCausalLM", drop=layer_normed, norm_eps=1e-5, head_dim=8,
                         hidden_act="relu2"),
        "arcee": make("arcee", "ArceeForCausalLM", hidden_act="relu2", mlp_bias=True),
        "seed_oss": make("seed_oss", "SeedOssForCausalLM", head_dim=6, attention_bias=True),
        "ernie4_5": make("ernie4_5", "Ernie4_5ForCausalLM", head_dim=6, use_bias=True,
                         tie_word_embeddings=True),
        "helium": make("helium", "HeliumForCausalLM", head_dim=4, attention_bias=True),
        "glm": make("glm", "GlmForCausalLM", head_dim=8, attention_bias=True, partial_rotary_factor=0.5),
        "glm4": make("glm4", "Glm4ForCausalLM", head_dim=8, attention_bias=True),
        "cohere": make("cohere", "CohereForCausalLM", drop=layer_normed, layer_norm_eps=1e-5, logit_scale=0.5,
                       tie_word_embeddings=True, use_qk_norm=False),
        "cohere_norms": make("cohere", "CohereForCausalLM", drop=layer_normed, layer_norm_eps=1e-5,
                             logit_scale=0.5, tie_word_embeddings=True, use_qk_norm=True),
        "cohere2": make("cohere2", "Cohere2ForCausalLM", 3, drop=layer_normed, layer_norm_eps=1e-5,
                        head_dim=6, logit_scale=0.5, sliding_window=6, tie_word_embeddings=True,
                        layer_types=[SLIDING, FULL, SLIDING]),
        "exaone4": make("exaone4", "Exaone4ForCausalLM", 3, head_dim=6, sliding_window=6,
                        sliding_window_pattern=3, layer_types=[SLIDING, SLIDING, FULL]),
        "exaone4_full": make("exaone4", "Exaone4ForCausalLM", head_dim=6, sliding_window=None,
                             sliding_window_pattern=None, layer_types=[FULL, FULL]),
        "hunyuan": make("hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM", head_dim=8, rope_scaling={
            "alpha": 1000.0, "factor": 1.0, "type": "dynamic"}),
    }
