"""Decoders whose layers keep states: passes token by token, tensors and tiny configurations."""

import numpy as np

from later_decoders import FULL, Experts, Family, _rms
from parts import ACTIVATIONS, attend, causal, linear, rms_norm, rotate, split_heads
from rotary import cos_sin

LINEAR = "linear_attention"


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.logaddexp(0, x)


def silu(x):
    return x * sigmoid(x)


def convolve(x, mask, weight, bias):
    """Each channel of x [B, T, C] over its last inputs; padding counts as zeros."""
    x = x * mask[..., None]
    width = weight.shape[-1]
    y = np.zeros_like(x)
    for t in range(x.shape[1]):
        for back in range(min(width, t + 1)):
            y[:, t] += x[:, t - back] * weight[:, 0, width - 1 - back]
    return y if bias is None else y + bias


class Hybrid(Family):
    """Norm, mixer, add, norm, MLP, add; a layer's type says which mixer."""

    norm_names = {"mixer": "input_layernorm", "mlp": "post_attention_layernorm"}
    final = "model.norm"
    residual = embedding = logit = 1.0

    def mixer(self, i, x, w, mask, table):
        raise NotImplementedError

    def feed_forward(self, i, x, w):
        raise NotImplementedError

    def table(self, positions, lengths):
        c = self.c
        theta = c.get("theta", c.get("rope_theta", self.theta))
        return cos_sin(c, positions, lengths, theta, c.get("rope_scaling"), self.dim,
                       c.get("partial_rotary_factor", self.share))

    def attention(self, x, w, at, mask, table, scale=None, gated=False, norms=None, output="o_proj"):
        d = self.dim
        q, k, v = (linear(x, w, f"{at}{n}_proj") for n in "qkv")
        if gated:
            both = split_heads(q, 2 * d)
            q, gate = both[..., :d], both[..., d:]
        else:
            q = split_heads(q, d)
        k, v = split_heads(k, d), split_heads(v, d)
        if norms is not None:
            q, k = norms(q, "q"), norms(k, "k")
        if table is not None:
            q, k = rotate(q, *table), rotate(k, *table)
        y = attend(q, k, v, causal(mask), d**-0.5 if scale is None else scale)
        if gated:
            y = y * sigmoid(gate.swapaxes(1, 2).reshape(y.shape))
        return linear(y, w, at + output)

    def run(self, w, ids, mask, positions, lengths):
        c, norm = self.c, self.norm()
        table = self.table(positions, lengths)
        x = w["model.embed_tokens.weight"][ids] * self.embedding
        hidden = [x]
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            y = norm(x, w, at + self.norm_names["mixer"])
            x = x + self.residual * self.mixer(i, y, w, mask, table)
            y = norm(x, w, at + self.norm_names["mlp"])
            x = x + self.residual * self.feed_forward(i, y, w)
            hidden.append(x)
        hidden[-1] = norm(x, w, self.final)
        tied = c.get("tie_word_embeddings", self.tied)
        return hidden[-1] @ w["model.embed_tokens.weight" if tied else "lm_head.weight"].T * self.logit, hidden

    def shapes(self):
        c = self.c
        hidden = c["hidden_size"]
        out = {"model.embed_tokens.weight": (c["vocab_size"], hidden), self.final + ".weight": (hidden,)}
        if not c.get("tie_word_embeddings", self.tied):
            out["lm_head.weight"] = (c["vocab_size"], hidden)
        for i in range(c["num_hidden_layers"]):
            at = f"model.layers.{i}."
            for name in self.norm_names.values():
                out[f"{at}{name}.weight"] = (hidden,)
            self.layer_shapes(i, at, out)
        return out

    def projection(self, out, name, width, height, bias=False):
        out[name + ".weight"] = (height, width)
        if bias:
            out[name + ".bias"] = (height,)

    def attention_shapes(self, out, at, gated=False, bias=False, output="o_proj"):
        c, d = self.c, self.dim
        q, kv = c["num_attention_heads"] * d, c["num_key_value_heads"] * d
        self.projection(out, at + "q_proj", c["hidden_size"], 2 * q if gated else q, bias)
        self.projection(out, at + "k_proj", c["hidden_size"], kv, bias)
        self.projection(out, at + "v_proj", c["hidden_size"], kv, bias)
        self.projection(out, at + output, q, c["hidden_size"], bias)

    def gated_mlp(self, x, w, at, gate, up, down):
        return linear(silu(linear(x, w, at + gate)) * linear(x, w, at + up), w, at + down)


class Lfm2(Hybrid):
    norm_names = {"mixer": "operator_norm", "mlp": "ffn_norm"}
    final, theta, tied = "model.embedding_norm", 1000000.0, True

    def norm(self):
        return _rms(self.c.get("norm_eps", 1e-5))

    def attends(self, i):
        c = self.c
        if "layer_types" in c:
            return c["layer_types"][i] == FULL
        return i in c["full_attn_idxs"]

    def inner(self):
        c = self.c
        width = c.get("block_ff_dim", c.get("intermediate_size"))
        if c.get("block_auto_adjust_ff_dim", True):
            multiple = c.get("block_multiple_of", 256)
            width = int(c.get("block_ffn_dim_multiplier", 1.0) * int(2 * width / 3))
            width = -(-width // multiple) * multiple
        return width

    def mixer(self, i, x, w, mask, table):
        at = f"model.layers.{i}."
        if self.attends(i):
            norm = self.norm()
            return self.attention(x, w, at + "self_attn.", mask, table, output="out_proj",
                                  norms=lambda y, n: norm(y, w, f"{at}self_attn.{n}_layernorm"))
        b, gate, values = np.split(linear(x, w, at + "conv.in_proj"), 3, -1)
        y = convolve(b * values, mask, w[at + "conv.conv.weight"], w.get(at + "conv.conv.bias"))
        return linear(gate * y, w, at + "conv.out_proj")

    def feed_forward(self, i, x, w):
        return self.gated_mlp(x, w, f"model.layers.{i}.feed_forward.", "w1", "w3", "w2")

    def layer_shapes(self, i, at, out):
        c = self.c
        hidden, bias, inner = c["hidden_size"], c.get("conv_bias", False), self.inner()
        if self.attends(i):
            self.attention_shapes(out, at + "self_attn.", output="out_proj")
            for n in "qk":
                out[f"{at}self_attn.{n}_layernorm.weight"] = (self.dim,)
        else:
            self.projection(out, at + "conv.in_proj", hidden, 3 * hidden, bias)
            self.projection(out, at + "conv.out_proj", hidden, hidden, bias)
            out[at + "conv.conv.weight"] = (hidden, 1, c["conv_L_cache"])
            if bias:
                out[at + "conv.conv.bias"] = (hidden,)
        for name, shape in (("w1", (inner, hidden)), ("w3", (inner, hidden)), ("w2", (hidden, inner))):
            out[f"{at}feed_forward.{name}.weight"] = shape


class Lfm2Moe(Lfm2):
    """Sigmoid scores and a bias choose experts after the dense layers."""

    def inner(self):
        return self.c["intermediate_size"]

    def feed_forward(self, i, x, w):
        c, at = self.c, f"model.layers.{i}.feed_forward."
        if i < c["num_dense_layers"]:
            return super().feed_forward(i, x, w)
        scores = sigmoid(linear(x, w, at + "gate"))
        choice = scores + w[at + "expert_bias"]
        k = c["num_experts_per_tok"]
        ranked = np.sort(choice, axis=-1)
        Experts.margin = min(Experts.margin, (ranked[..., -k] - ranked[..., -k - 1]).min() * 20)
        chosen = np.argsort(-choice, axis=-1)[..., :k]
        out = np.zeros_like(x)
        for b, t in np.ndindex(x.shape[:2]):
            own = scores[b, t, chosen[b, t]]
            if c["norm_topk_prob"]:
                own = own / (own.sum() + 1e-6)
            for expert, weight in zip(chosen[b, t], own * c["routed_scaling_factor"]):
                out[b, t] += weight * self.gated_mlp(x[b, t], w, f"{at}experts.{expert}.", "w1", "w3", "w2")
        return out

    def layer_shapes(self, i, at, out):
        super().layer_shapes(i, at, out)
        c = self.c
        if i < c["num_dense_layers"]:
            return
        hidden, inner, count = c["hidden_size"], c["moe_intermediate_size"], c["num_experts"]
        for name in ("w1", "w3", "w2"):
            del out[f"{at}feed_forward.{name}.weight"]
        out[at + "feed_forward.gate.weight"], out[at + "feed_forward.expert_bias"] = (count, hidden), (count,)
        for expert in range(count):
            for name, shape in (("w1", (inner, hidden)), ("w3", (inner, hidden)), ("w2", (hidden, inner))):
                out[f"{at}feed_forward.experts.{expert}.{name}.weight"] = shape


class DeltaNet(Hybrid):
    """Gated linear attention, one token after the other."""

    head_dim, share = 256, 0.25
    by_group = False

    def norm(self):
        return _rms(self.c.get("rms_norm_eps", 1e-6), 1.0)

    def types(self):
        c = self.c
        every = c.get("full_attention_interval", 4)
        return c.get("layer_types") or [
            FULL if (i + 1) % every == 0 else LINEAR for i in range(c["num_hidden_layers"])]

    def sizes(self):
        c = self.c
        return (c["linear_num_key_heads"], c["linear_num_value_heads"], c["linear_key_head_dim"],
                c["linear_value_head_dim"])

    def parts(self, x, w, at):
        """q, k, v as the convolution takes them; z; b; a."""
        groups, heads, dk, dv = self.sizes()
        if not self.by_group:
            return [linear(x, w, at + "in_proj_" + n) for n in ("qkv", "z", "b", "a")]
        r = heads // groups
        qkvz, ba = linear(x, w, at + "in_proj_qkvz"), linear(x, w, at + "in_proj_ba")
        found = {n: [] for n in "qkvzba"}
        for g in range(groups):
            own = qkvz[..., g * (2 * dk + 2 * r * dv) : (g + 1) * (2 * dk + 2 * r * dv)]
            for n, part in zip("qkvz", np.split(own, [dk, 2 * dk, 2 * dk + r * dv], -1)):
                found[n].append(part)
            for n, part in zip("ba", np.split(ba[..., 2 * g * r : 2 * (g + 1) * r], 2, -1)):
                found[n].append(part)
        joined = {n: np.concatenate(parts, -1) for n, parts in found.items()}
        return [np.concatenate([joined["q"], joined["k"], joined["v"]], -1), joined["z"], joined["b"], joined["a"]]

    def mixer(self, i, x, w, mask, table):
        at = f"model.layers.{i}."
        if self.types()[i] == FULL:
            norm = self.norm()
            return self.attention(x, w, at + "self_attn.", mask, table, gated=True,
                                  norms=lambda y, n: norm(y, w, f"{at}self_attn.{n}_norm"))
        at += "linear_attn."
        groups, heads, dk, dv = self.sizes()
        qkv, z, b, a = self.parts(x, w, at)
        qkv = silu(convolve(qkv, mask, w[at + "conv1d.weight"], None))
        rows, length = mask.shape
        q, k, v = np.split(qkv, [groups * dk, 2 * groups * dk], -1)
        q, k = (y.reshape(rows, length, groups, dk) for y in (q, k))
        q, k = (y / np.sqrt((y * y).sum(-1, keepdims=True) + 1e-6) for y in (q, k))
        v, z = (y.reshape(rows, length, heads, dv) for y in (v, z))
        beta = sigmoid(b)
        decay = np.exp(-np.exp(w[at + "A_log"]) * softplus(a + w[at + "dt_bias"]))
        out = np.zeros_like(v)
        for row in range(rows):
            for head in range(heads):
                group, state = head // (heads // groups), np.zeros((dk, dv))
                for t in range(length):
                    if mask[row, t] == 0:
                        continue
                    key = k[row, t, group]
                    state = decay[row, t, head] * state
                    state = state + beta[row, t, head] * np.outer(key, v[row, t, head] - key @ state)
                    out[row, t, head] = q[row, t, group] @ state / np.sqrt(dk)
        out = rms_norm(out, w[at + "norm.weight"], self.c["rms_norm_eps"]) * silu(z)
        return linear(out.reshape(rows, length, -1), w, at + "out_proj")

    def feed_forward(self, i, x, w):
        return self.gated_mlp(x, w, f"model.layers.{i}.mlp.", "gate_proj", "up_proj", "down_proj")

    def layer_shapes(self, i, at, out):
        c = self.c
        hidden, inner = c["hidden_size"], c["intermediate_size"]
        if self.types()[i] == FULL:
            self.attention_shapes(out, at + "self_attn.", gated=True, bias=c.get("attention_bias", False))
            for n in "qk":
                out[f"{at}self_attn.{n}_norm.weight"] = (self.dim,)
        else:
            own = at + "linear_attn."
            groups, heads, dk, dv = self.sizes()
            keys, values = groups * dk, heads * dv
            if self.by_group:
                self.projection(out, own + "in_proj_qkvz", hidden, 2 * keys + 2 * values)
                self.projection(out, own + "in_proj_ba", hidden, 2 * heads)
            else:
                for name, height in (("qkv", 2 * keys + values), ("z", values), ("b", heads), ("a", heads)):
                    self.projection(out, own + "in_proj_" + name, hidden, height)
            out[own + "conv1d.weight"] = (2 * keys + values, 1, c["linear_conv_kernel_dim"])
            out[own + "A_log"] = out[own + "dt_bias"] = (heads,)
            out[own + "norm.weight"] = (dv,)
            self.projection(out, own + "out_proj", values, hidden)
        self.mlp_shapes(i, at, out)

    def mlp_shapes(self, i, at, out):
        hidden, inner = self.c["hidden_size"], self.c["intermediate_size"]
        for name, shape in (("gate", (inner, hidden)), ("up", (inner, hidden)), ("down", (hidden, inner))):
            out[f"{at}mlp.{name}_proj.weight"] = shape


class Qwen3Next(DeltaNet, Experts):
    by_group = True

    def normalized(self):
        return self.c.get("norm_topk_prob", True)

    def feed_forward(self, i, x, w):
        return Experts.mlp(self, i, x, w)

    def mlp_shapes(self, i, at, out):
        c = self.c
        if not self.sparse(i):
            return super().mlp_shapes(i, at, out)
        hidden = c["hidden_size"]

        def gated(at, inner):
            out[at + "gate_proj.weight"] = out[at + "up_proj.weight"] = (inner, hidden)
            out[at + "down_proj.weight"] = (hidden, inner)

        out[at + "mlp.gate.weight"] = (c["num_experts"], hidden)
        for expert in range(c["num_experts"]):
            gated(f"{at}mlp.experts.{expert}.", c["moe_intermediate_size"])
        gated(at + "mlp.shared_expert.", c["shared_expert_intermediate_size"])
        out[at + "mlp.shared_expert_gate.weight"] = (1, hidden)


class StateSpaces(Hybrid):
    """Mamba-2, one token after the other."""

    norm_names = {"mixer": "input_layernorm", "mlp": "pre_ff_layernorm"}
    final = "model.final_layernorm"

    def sizes(self):
        c = self.c
        inner = c.get("mamba_d_ssm") or int(c.get("mamba_expand", 2) * c["hidden_size"])
        return inner, c["mamba_n_heads"], c.get("mamba_n_groups", 1), c["mamba_d_state"]

    def multipliers(self):
        return [1.0] * 5

    def gate(self, y, z, w, at):
        return rms_norm(y * silu(z), w[at + "norm.weight"], self.c["rms_norm_eps"])

    def mamba(self, x, w, at, mask):
        c = self.c
        inner, heads, groups, n = self.sizes()
        d = inner // heads
        rows, length = mask.shape
        z, mixed, b, read, step = np.split(
            linear(x, w, at + "in_proj"),
            [inner, 2 * inner, 2 * inner + groups * n, 2 * inner + 2 * groups * n], -1)
        m = self.multipliers()
        z, mixed, b, read, step = z * m[0], mixed * m[1], b * m[2], read * m[3], step * m[4]
        both = np.concatenate([mixed, b, read], -1)
        both = silu(convolve(both, mask, w[at + "conv1d.weight"], w.get(at + "conv1d.bias")))
        mixed, b, read = np.split(both, [inner, inner + groups * n], -1)
        mixed = mixed.reshape(rows, length, heads, d)
        b, read = b.reshape(rows, length, groups, n), read.reshape(rows, length, groups, n)
        least, most = c.get("time_step_limit", (0.0, np.inf))
        step = np.clip(softplus(step + w[at + "dt_bias"]), least, most)
        rate = -np.exp(w[at + "A_log"])
        y = np.zeros_like(mixed)
        for row in range(rows):
            for head in range(heads):
                group, state = head // (heads // groups), np.zeros((d, n))
                for t in range(length):
                    if mask[row, t] == 0:
                        continue
                    dt, value = step[row, t, head], mixed[row, t, head]
                    state = np.exp(dt * rate[head]) * state + dt * np.outer(value, b[row, t, group])
                    y[row, t, head] = state @ read[row, t, group] + w[at + "D"][head] * value
        return linear(self.gate(y.reshape(rows, length, inner), z, w, at), w, at + "out_proj")

    def mamba_shapes(self, out, at, output_bias, normed=True):
        c = self.c
        inner, heads, groups, n = self.sizes()
        channels = inner + 2 * groups * n
        self.projection(out, at + "in_proj", c["hidden_size"], inner + channels + heads, c.get("mamba_proj_bias", False))
        self.projection(out, at + "out_proj", inner, c["hidden_size"], output_bias)
        out[at + "conv1d.weight"] = (channels, 1, c["mamba_d_conv"])
        if c.get("mamba_conv_bias", True):
            out[at + "conv1d.bias"] = (channels,)
        out[at + "A_log"] = out[at + "dt_bias"] = out[at + "D"] = (heads,)
        if normed:
            out[at + "norm.weight"] = (inner,)

    def dense_shapes(self, out, at):
        hidden, inner = self.c["hidden_size"], self.c["intermediate_size"]
        bias = self.c.get("mlp_bias", False)
        self.projection(out, at + "gate_proj", hidden, inner, bias)
        self.projection(out, at + "up_proj", hidden, inner, bias)
        self.projection(out, at + "down_proj", inner, hidden, bias)


class Bamba(StateSpaces):
    share = 0.5

    def mixer(self, i, x, w, mask, table):
        at = f"model.layers.{i}."
        if i in self.c["attn_layer_indices"]:
            return self.attention(x, w, at + "self_attn.", mask, table)
        return self.mamba(x, w, at + "mamba.", mask)

    def feed_forward(self, i, x, w):
        return self.gated_mlp(x, w, f"model.layers.{i}.feed_forward.", "gate_proj", "up_proj", "down_proj")

    def layer_shapes(self, i, at, out):
        if i in self.c["attn_layer_indices"]:
            self.attention_shapes(out, at + "self_attn.")
        else:
            self.mamba_shapes(out, at + "mamba.", self.c.get("mamba_proj_bias", False))
        self.dense_shapes(out, at + "feed_forward.")


class FalconH1(StateSpaces):
    """State space and attention side by side in every layer, with factors everywhere."""

    def __init__(self, c):
        super().__init__(c)
        self.embedding, self.logit = c.get("embedding_multiplier", 1.0), c.get("lm_head_multiplier", 1.0)

    def multipliers(self):
        return self.c.get("ssm_multipliers") or [1.0] * 5

    def gate(self, y, z, w, at):
        c = self.c
        if not c.get("mamba_rms_norm", False):
            return y * silu(z)
        before = c.get("mamba_norm_before_gate", True)
        if not before:
            y = y * silu(z)
        parts = y.reshape(*y.shape[:2], c.get("mamba_n_groups", 1), -1)
        y = rms_norm(parts, 1.0, c["rms_norm_eps"]).reshape(y.shape) * w[at + "norm.weight"]
        return y * silu(z) if before else y

    def mixer(self, i, x, w, mask, table):
        c, at = self.c, f"model.layers.{i}."
        state = self.mamba(x * c.get("ssm_in_multiplier", 1.0), w, at + "mamba.", mask)
        scale = c.get("key_multiplier", 1.0) * self.dim**-0.5
        seen = self.attention(x * c.get("attention_in_multiplier", 1.0), w, at + "self_attn.", mask, table, scale)
        return state * c.get("ssm_out_multiplier", 1.0) + seen * c.get("attention_out_multiplier", 1.0)

    def feed_forward(self, i, x, w):
        at = f"model.layers.{i}.feed_forward."
        gate, down = self.c.get("mlp_multipliers") or (1.0, 1.0)
        y = linear(x, w, at + "up_proj") * silu(linear(x, w, at + "gate_proj") * gate)
        return linear(y, w, at + "down_proj") * down

    def layer_shapes(self, i, at, out):
        c = self.c
        self.attention_shapes(out, at + "self_attn.", bias=c.get("attention_bias", False))
        self.mamba_shapes(out, at + "mamba.", c.get("projectors_bias", False), c.get("mamba_rms_norm", False))
        self.dense_shapes(out, at + "feed_forward.")


class GraniteHybrid(StateSpaces):
    norm_names = {"mixer": "input_layernorm", "mlp": "post_attention_layernorm"}
    final = "model.norm"

    def __init__(self, c):
        super().__init__(c)
        self.embedding = c.get("embedding_multiplier", 1.0)
        self.residual = c.get("residual_multiplier", 1.0)
        self.logit = 1 / c.get("logits_scaling", 1.0)

    def mixer(self, i, x, w, mask, table):
        at = f"model.layers.{i}."
        if self.c["layer_types"][i] == "mamba":
            return self.mamba(x, w, at + "mamba.", mask)
        rotated = table if self.c.get("position_embedding_type") == "rope" else None
        return self.attention(x, w, at + "self_attn.", mask, rotated, self.c["attention_multiplier"])

    def feed_forward(self, i, x, w):
        at = f"model.layers.{i}.shared_mlp."
        gate, up = np.split(linear(x, w, at + "input_linear"), 2, -1)
        return linear(silu(gate) * up, w, at + "output_linear")

    def layer_shapes(self, i, at, out):
        c = self.c
        if c["layer_types"][i] == "mamba":
            self.mamba_shapes(out, at + "mamba.", c.get("mamba_proj_bias", False))
        else:
            self.attention_shapes(out, at + "self_attn.", bias=c.get("attention_bias", False))
        width = c["shared_intermediate_size"]
        self.projection(out, at + "shared_mlp.input_linear", c["hidden_size"], 2 * width)
        self.projection(out, at + "shared_mlp.output_linear", width, c["hidden_size"])


FAMILIES = {"lfm2": Lfm2, "lfm2_moe": Lfm2Moe, "qwen3_5_text": DeltaNet, "qwen3_next": Qwen3Next, "bamba": Bamba,
            "falcon_h1": FalconH1, "granitemoehybrid": GraniteHybrid}


def norm_is_centered(c, name):
    """Whether a norm's weight is stored as its difference from 1."""
    return c["model_type"] in ("qwen3_5_text", "qwen3_next") and "norm" in name and "linear_attn" not in name


def run(model_type):
    return lambda c, w, *inputs: FAMILIES[model_type](c).run(w, *inputs)


PASSES = {name: run(name) for name in FAMILIES}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def cases(decoder):
    """Configurations; decoder makes those fields that all families have."""
    def like(model_type, architecture, layers, drop=(), **own):
        config = decoder(model_type, architecture, layers, **own)
        return {name: value for name, value in config.items() if name not in drop}

    delta = {"head_dim": 8, "linear_conv_kernel_dim": 3, "linear_key_head_dim": 6, "linear_value_head_dim": 4,
             "linear_num_key_heads": 2, "linear_num_value_heads": 6, "rms_norm_eps": 1e-6}
    mamba = {"mamba_d_conv": 3, "mamba_d_head": 4, "mamba_d_state": 6, "mamba_expand": 2, "mamba_n_groups": 2,
             "mamba_n_heads": 8, "mamba_chunk_size": 8, "rms_norm_eps": 1e-5}
    return {
        "lfm2_moe": like("lfm2_moe", "Lfm2MoeForCausalLM", 3, ("rms_norm_eps",), conv_L_cache=3, conv_bias=False,
                         layer_types=["conv", FULL, "conv"], norm_eps=1e-5, num_dense_layers=1, num_experts=5,
                         num_experts_per_tok=2, moe_intermediate_size=8, norm_topk_prob=True,
                         routed_scaling_factor=1.25, use_expert_bias=True, tie_word_embeddings=True),
        "lfm2": like("lfm2", "Lfm2ForCausalLM", 3, ("rms_norm_eps", "intermediate_size", "rope_theta"),
                     block_auto_adjust_ff_dim=False, block_ff_dim=20, conv_L_cache=4, conv_bias=True,
                     full_attn_idxs=[1], norm_eps=1e-4, theta=10000.0, rope_theta=10000.0, tie_embedding=True),
        "qwen3_5": like("qwen3_5_text", "Qwen3_5ForCausalLM", 3, ("rope_theta",), tie_word_embeddings=False,
                        full_attention_interval=2, attention_bias=True, attn_output_gate=True, **delta,
                        rope_parameters={"mrope_interleaved": True, "mrope_section": [1, 0, 0],
                                         "partial_rotary_factor": 0.25, "rope_theta": 10000.0,
                                         "rope_type": "default"}),
        "qwen3_next": like("qwen3_next", "Qwen3NextForCausalLM", 3, tie_word_embeddings=False,
                           layer_types=[LINEAR, FULL, LINEAR], mlp_only_layers=[2], num_experts=4,
                           num_experts_per_tok=2, moe_intermediate_size=8, shared_expert_intermediate_size=6,
                           norm_topk_prob=False, decoder_sparse_step=1, partial_rotary_factor=0.5, **delta),
        "granite_hybrid": like("granitemoehybrid", "GraniteMoeHybridForCausalLM", 3, tie_word_embeddings=True,
                               layer_types=["mamba", "attention", "mamba"], mamba_conv_bias=False,
                               mamba_proj_bias=True, attention_bias=True, num_local_experts=0,
                               num_experts_per_tok=0, shared_intermediate_size=12, embedding_multiplier=3.0,
                               attention_multiplier=0.3, residual_multiplier=0.6, logits_scaling=0.7,
                               position_embedding_type="rope", time_step_limit=[0.2, 1.5], **mamba),
        "bamba": like("bamba", "BambaForCausalLM", 3, tie_word_embeddings=False, attn_layer_indices=[2],
                      mamba_conv_bias=True, mamba_proj_bias=False, partial_rotary_factor=0.5, **mamba),
        "falcon_h1": like("falcon_h1", "FalconH1ForCausalLM", 2, tie_word_embeddings=False, head_dim=6,
                          mamba_d_ssm=24, mamba_conv_bias=True, mamba_proj_bias=True, projectors_bias=True,
                          mamba_rms_norm=True, mamba_norm_before_gate=False, attention_bias=True, mlp_bias=True,
                          ssm_multipliers=[0.8, 1.2, 0.7, 1.3, 0.9], ssm_in_multiplier=1.4,
                          ssm_out_multiplier=0.6, attention_in_multiplier=0.7, attention_out_multiplier=1.3,
                          key_multiplier=0.5, mlp_multipliers=[0.8, 1.5], embedding_multiplier=2.0,
                          lm_head_multiplier=0.5, **{**mamba, "mamba_n_heads": 4, "mamba_d_head": "auto"}),
        "falcon_h1_plain": like("falcon_h1", "FalconH1ForCausalLM", 2, tie_word_embeddings=True, head_dim=4,
                                mamba_d_ssm=None, mamba_conv_bias=False, mamba_rms_norm=False, **mamba),
    }
