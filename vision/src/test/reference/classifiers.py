"""Writes tiny random classifiers of pictures with their logits, computed from the definitions.

    python3 classifiers.py ../resources/classifiers
"""

import json
import math
import struct
import sys
from pathlib import Path

import numpy as np

HIDDEN, INNER, LAYERS, HEADS, SIDE, PATCH, CLASSES = 16, 32, 2, 2, 4, 8, 3


def save(path, tensors):
    header, data = {}, b""
    for name, value in tensors.items():
        raw = np.ascontiguousarray(value, dtype="<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(value.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def layer_norm(x, w, at, eps):
    centered = x - x.mean(-1, keepdims=True)
    scale = np.sqrt((centered**2).mean(-1, keepdims=True) + eps)
    return centered / scale * w[at + ".weight"] + w[at + ".bias"]


def linear(x, w, at):
    return x @ w[at + ".weight"].T + w[at + ".bias"]


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def attention(x, w, at):
    rows, length, _ = x.shape
    parts = []
    for name in ("query", "key", "value"):
        y = linear(x, w, f"{at}.attention.{name}")
        parts.append(y.reshape(rows, length, HEADS, -1).transpose(0, 2, 1, 3))
    q, k, v = parts
    scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(HIDDEN // HEADS)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    y = (p @ v).transpose(0, 2, 1, 3).reshape(rows, length, HIDDEN)
    return linear(y, w, at + ".output.dense")


def cubic(x):
    """Keys' kernel with a = -0.75."""
    a, x = -0.75, abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def resize_axis(table, size):
    out = np.zeros((size,) + table.shape[1:])
    for i in range(size):
        at = (i + 0.5) * table.shape[0] / size - 0.5
        for k in range(math.floor(at) - 1, math.floor(at) + 3):
            out[i] += cubic(at - k) * table[min(max(k, 0), table.shape[0] - 1)]
    return out


def positions(table, rows, columns):
    if (rows, columns) == (SIDE, SIDE):
        return table
    square = table[0, 1:].reshape(SIDE, SIDE, HIDDEN)
    square = resize_axis(square, rows).transpose(1, 0, 2)
    square = resize_axis(square, columns).transpose(1, 0, 2)
    return np.concatenate([table[:, :1], square.reshape(1, -1, HIDDEN)], 1)


def embed(pixels, w, at):
    count, channels, height, width = pixels.shape
    rows, columns = height // PATCH, width // PATCH
    kernel = w[at + ".patch_embeddings.projection.weight"]
    bias = w[at + ".patch_embeddings.projection.bias"]
    x = np.zeros((count, rows * columns, HIDDEN))
    for row in range(rows):
        for column in range(columns):
            block = pixels[:, :, row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH]
            x[:, row * columns + column] = np.einsum("ncyx,hcyx->nh", block, kernel) + bias
    token = np.repeat(w[at + ".cls_token"], count, 0)
    return np.concatenate([token, x], 1) + positions(w[at + ".position_embeddings"], rows, columns)


def vit(pixels, w):
    x = embed(pixels, w, "vit.embeddings")
    for i in range(LAYERS):
        at = f"vit.encoder.layer.{i}"
        x = x + attention(layer_norm(x, w, at + ".layernorm_before", 1e-12), w, at + ".attention")
        y = layer_norm(x, w, at + ".layernorm_after", 1e-12)
        x = x + linear(gelu(linear(y, w, at + ".intermediate.dense")), w, at + ".output.dense")
    return linear(layer_norm(x, w, "vit.layernorm", 1e-12)[:, 0], w, "classifier")


def dinov2(pixels, w):
    x = embed(pixels, w, "dinov2.embeddings")
    for i in range(LAYERS):
        at = f"dinov2.encoder.layer.{i}"
        y = attention(layer_norm(x, w, at + ".norm1", 1e-6), w, at + ".attention")
        x = x + y * w[at + ".layer_scale1.lambda1"]
        y = layer_norm(x, w, at + ".norm2", 1e-6)
        if at + ".mlp.fc1.weight" in w:
            y = linear(gelu(linear(y, w, at + ".mlp.fc1")), w, at + ".mlp.fc2")
        else:
            gate, up = np.split(linear(y, w, at + ".mlp.weights_in"), 2, -1)
            y = linear(gate / (1 + np.exp(-gate)) * up, w, at + ".mlp.weights_out")
        x = x + y * w[at + ".layer_scale2.lambda1"]
    x = layer_norm(x, w, "dinov2.layernorm", 1e-6)
    return linear(np.concatenate([x[:, 0], x[:, 1:].mean(1)], -1), w, "classifier")


def shapes(family, swiglu):
    base = f"{family}.embeddings."
    yield base + "cls_token", (1, 1, HIDDEN)
    if family == "dinov2":
        yield base + "mask_token", (1, HIDDEN)
    yield base + "position_embeddings", (1, 1 + SIDE * SIDE, HIDDEN)
    yield base + "patch_embeddings.projection.weight", (HIDDEN, 3, PATCH, PATCH)
    yield base + "patch_embeddings.projection.bias", (HIDDEN,)
    wide = []
    norms = [f"{family}.layernorm"]
    for i in range(LAYERS):
        at = f"{family}.encoder.layer.{i}."
        wide += [(at + f"attention.attention.{n}", HIDDEN, HIDDEN) for n in ("query", "key", "value")]
        wide.append((at + "attention.output.dense", HIDDEN, HIDDEN))
        if family == "vit":
            norms += [at + "layernorm_before", at + "layernorm_after"]
            wide += [(at + "intermediate.dense", HIDDEN, INNER), (at + "output.dense", INNER, HIDDEN)]
        else:
            norms += [at + "norm1", at + "norm2"]
            yield at + "layer_scale1.lambda1", (HIDDEN,)
            yield at + "layer_scale2.lambda1", (HIDDEN,)
            if swiglu:
                inner = (int(INNER * 2 / 3) + 7) // 8 * 8
                wide += [(at + "mlp.weights_in", HIDDEN, 2 * inner), (at + "mlp.weights_out", inner, HIDDEN)]
            else:
                wide += [(at + "mlp.fc1", HIDDEN, INNER), (at + "mlp.fc2", INNER, HIDDEN)]
    wide.append(("classifier", HIDDEN * (1 if family == "vit" else 2), CLASSES))
    for name, width, out in wide:
        yield name + ".weight", (out, width)
        yield name + ".bias", (out,)
    for name in norms:
        yield name + ".weight", (HIDDEN,)
        yield name + ".bias", (HIDDEN,)


def write(folder, family, seed, swiglu=False):
    random = np.random.default_rng(seed)
    w = {}
    for name, shape in shapes(family, swiglu):
        scale = 0.5 if "norm" in name or "lambda" in name or len(shape) == 3 else 0.2
        value = random.normal(0, scale, shape)
        if name.endswith("norm.weight") or "norm1.weight" in name or "norm2.weight" in name:
            value += 1
        w[name] = value.astype("float32")
    exact = {name: value.astype("float64") for name, value in w.items()}
    forward = vit if family == "vit" else dinov2
    expected = {}
    for case, height, width in (("", 32, 32), ("other_size.", 24, 48), ("larger.", 40, 43)):
        pixels = random.normal(0, 1, (2, 3, height, width)).astype("float32")
        expected[case + "pixel_values"] = pixels
        expected[case + "logits"] = forward(pixels.astype("float64"), exact)
    config = {
        "architectures": ["ViTForImageClassification" if family == "vit" else "Dinov2ForImageClassification"],
        "model_type": family,
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "image_size": SIDE * PATCH,
        "patch_size": PATCH,
        "num_channels": 3,
        "qkv_bias": True,
        "layer_norm_eps": 1e-12 if family == "vit" else 1e-6,
        "id2label": {"0": "receipt", "1": "form", "2": "letter"},
        "label2id": {"receipt": 0, "form": 1, "letter": 2},
    }
    if family == "vit":
        config["intermediate_size"] = INNER
    else:
        config.update(mlp_ratio=INNER // HIDDEN, use_swiglu_ffn=swiglu, layerscale_value=1.0, drop_path_rate=0.0)
    processor = {
        "image_processor_type": "ViTImageProcessor" if family == "vit" else "BitImageProcessor",
        "do_resize": True,
        "do_rescale": True,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
        "resample": 2 if family == "vit" else 3,
        "rescale_factor": 1 / 255,
        "size": {"height": 32, "width": 32} if family == "vit" else {"shortest_edge": 40},
    }
    if family != "vit":
        processor.update(do_center_crop=True, crop_size={"height": 32, "width": 32}, do_convert_rgb=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1) + "\n")
    save(folder / "model.safetensors", w)
    save(folder / "expected.safetensors", expected)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target / "vit", "vit", 1)
    write(target / "dinov2", "dinov2", 2)
    write(target / "dinov2_swiglu", "dinov2", 3, swiglu=True)
