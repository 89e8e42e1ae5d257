"""StarCoder 1, GPT-Neo and GPT-J."""

import numpy as np

from later_decoders import rotate_pairs
from parts import ACTIVATIONS, attend, causal, layer_norm, linear, split_heads


class Gpt:
    eps = 1e-5
    norms, tied, learned, head_bias = ("ln_1", "ln_2"), True, True, False

    def __init__(self, c):
        self.c = c

    def run(self, w, ids, mask, positions, lengths):
        c, at = self.c, "transformer."
        x = w[at + "wte.weight"][ids]
        if self.learned:
            x = x + w[at + "wpe.weight"][positions]
        hidden = [x]
        for i in range(self.layers()):
            at = f"transformer.h.{i}."
            read = layer_norm(x, w, at + "ln_1", self.eps)
            y = self.attention(w, i, at + "attn.", read, mask, positions)
            if len(self.norms) == 1:
                x = x + y + self.mlp(w, at + "mlp.", read)
            else:
                x = x + y
                x = x + self.mlp(w, at + "mlp.", layer_norm(x, w, at + "ln_2", self.eps))
            hidden.append(x)
        hidden[-1] = layer_norm(x, w, "transformer.ln_f", self.eps)
        logits = hidden[-1] @ w["transformer.wte.weight" if self.tied else "lm_head.weight"].T
        return logits + (w["lm_head.bias"] if self.head_bias else 0), hidden

    def mlp(self, w, at, x):
        return linear(ACTIVATIONS[self.c["activation_function"]](linear(x, w, at + self.up)), w, at + self.down)

    def shapes(self):
        c, hidden, out = self.c, self.hidden(), {}

        def full(name, wide, high, bias=True):
            out[name + ".weight"] = (high, wide)
            if bias:
                out[name + ".bias"] = (high,)

        def norm(name):
            out[name + ".weight"] = out[name + ".bias"] = (hidden,)

        out["transformer.wte.weight"] = (c["vocab_size"], hidden)
        if self.learned:
            out["transformer.wpe.weight"] = (self.positions(), hidden)
        norm("transformer.ln_f")
        if not self.tied:
            full("lm_head", hidden, c["vocab_size"], self.head_bias)
        for i in range(self.layers()):
            at = f"transformer.h.{i}."
            for name in self.norms:
                norm(at + name)
            self.attention_shapes(full, at + "attn.", hidden)
            full(at + "mlp." + self.up, hidden, 4 * hidden)
            full(at + "mlp." + self.down, 4 * hidden, hidden)
        return out


class BigCode(Gpt):
    up, down = "c_fc", "c_proj"

    def layers(self):
        return self.c["n_layer"]

    def hidden(self):
        return self.c["n_embd"]

    def positions(self):
        return self.c["n_positions"]

    def attention(self, w, i, at, x, mask, positions):
        hidden, heads = self.c["n_embd"], self.c["n_head"]
        d, fused = hidden // heads, linear(x, w, at + "c_attn")
        if self.c["multi_query"]:
            q, k, v = np.split(fused, [hidden, hidden + d], -1)
        else:
            by_head = fused.reshape(*x.shape[:2], heads, 3, d)
            q, k, v = (by_head[..., j, :].reshape(*x.shape[:2], -1) for j in range(3))
        q, k, v = (split_heads(part, d) for part in (q, k, v))
        return linear(attend(q, k, v, causal(mask), d**-0.5), w, at + "c_proj")

    def attention_shapes(self, full, at, hidden):
        keys = hidden // self.c["n_head"] if self.c["multi_query"] else hidden
        full(at + "c_attn", hidden, hidden + 2 * keys)
        full(at + "c_proj", hidden, hidden)


class Neo(Gpt):
    up, down = "c_fc", "c_proj"

    def layers(self):
        return self.c["num_layers"]

    def hidden(self):
        return self.c["hidden_size"]

    def positions(self):
        return self.c["max_position_embeddings"]

    def attention(self, w, i, at, x, mask, positions):
        d, at = self.hidden() // self.c["num_heads"], at + "attention."
        q, k, v = (split_heads(linear(x, w, f"{at}{n}_proj"), d) for n in "qkv")
        window = self.c["window_size"] if self.c["attention_layers"][i] == "local" else None
        return linear(attend(q, k, v, causal(mask, window), 1.0), w, at + "out_proj")

    def attention_shapes(self, full, at, hidden):
        for n in "qkv":
            full(f"{at}attention.{n}_proj", hidden, hidden, False)
        full(at + "attention.out_proj", hidden, hidden)


class GptJ(Gpt):
    norms, tied, learned, head_bias, up, down = ("ln_1",), False, False, True, "fc_in", "fc_out"

    def layers(self):
        return self.c["n_layer"]

    def hidden(self):
        return self.c["n_embd"]

    def attention(self, w, i, at, x, mask, positions):
        d, part = self.hidden() // self.c["n_head"], self.c["rotary_dim"]
        q, k, v = (split_heads(linear(x, w, f"{at}{n}_proj"), d) for n in "qkv")
        angles = positions[..., None] * 10000.0 ** -(np.arange(0, part, 2) / part)
        cos, sin = (f(np.concatenate([angles, angles], -1)) for f in (np.cos, np.sin))
        y = attend(rotate_pairs(q, cos, sin), rotate_pairs(k, cos, sin), v, causal(mask), d**-0.5)
        return linear(y, w, at + "out_proj")

    def attention_shapes(self, full, at, hidden):
        for n in ("q_proj", "k_proj", "v_proj", "out_proj"):
            full(at + n, hidden, hidden, False)


FAMILIES = {"gpt_bigcode": BigCode, "gpt_neo": Neo, "gptj": GptJ}
PASSES = {name: (lambda c, w, *inputs, own=own: own(c).run(w, *inputs)) for name, own in FAMILIES.items()}


def shapes(c):
    return FAMILIES[c["model_type"]](c).shapes()


def cases(gpt2):
    def like(model_type, architecture, drop=(), **own):
        config = {**gpt2(), "architectures": [architecture], "model_type": model_type, **own}
        return {name: value for name, value in config.items() if name not in drop}

    sizes = ("n_embd", "n_head", "n_inner", "n_layer", "n_positions", "attn_pdrop", "resid_pdrop", "embd_pdrop")
    return {
        "gpt_bigcode": like("gpt_bigcode", "GPTBigCodeForCausalLM", activation_function="gelu_pytorch_tanh",
                            multi_query=True),
        "gpt_bigcode_heads": like("gpt_bigcode", "GPTBigCodeForCausalLM", activation_function="gelu_pytorch_tanh",
                                  multi_query=False),
        "gpt_neo": like("gpt_neo", "GPTNeoForCausalLM", drop=sizes, hidden_size=16, num_heads=4, num_layers=2,
                        intermediate_size=None, max_position_embeddings=64, window_size=6,
                        attention_types=[[["global", "local"], 1]], attention_layers=["global", "local"],
                        attention_dropout=0.0, embed_dropout=0.0, resid_dropout=0.0),
        "gptj": like("gptj", "GPTJForCausalLM", n_embd=32, rotary_dim=4, tie_word_embeddings=False),
    }
