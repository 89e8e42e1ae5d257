"""Writes tiny random image towers with the features of pictures, computed from the definitions.

    python3 towers.py ../resources/towers
"""

import json
import math
import sys
from pathlib import Path

import numpy as np

from classifiers import gelu, layer_norm, save

H, INNER, LAYERS, HEADS, PATCH, TEXT = 16, 24, 3, 2, 4, 20


class Weights(dict):
    """Draws a tensor when it is first asked for, so that the code below is the list of names."""

    def __init__(self, seed):
        super().__init__()
        self.random = np.random.default_rng(seed)

    def get(self, name, *shape, mean=0.0, scale=0.3):
        if name not in self:
            self[name] = self.random.normal(mean, scale, shape).astype("float32")
        return self[name].astype("float64")

    def linear(self, x, name, out, bias=True):
        y = x @ self.get(name + ".weight", out, x.shape[-1]).T
        return y + self.get(name + ".bias", out) if bias else y

    def layer_norm(self, x, name, eps):
        self.get(name + ".weight", x.shape[-1], mean=1.0)
        self.get(name + ".bias", x.shape[-1])
        return layer_norm(x, {k: v.astype("float64") for k, v in self.items()}, name, eps)

    def rms_norm(self, x, name, eps):
        y = x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)
        return y * self.get(name + ".weight", x.shape[-1], mean=1.0)


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x / (1 + np.exp(-x))


def quick_gelu(x):
    return x / (1 + np.exp(-1.702 * x))


def attend(q, k, v):
    """q, k and v [T, width] of all heads -> [T, width]."""
    split = [x.reshape(len(x), HEADS, -1).transpose(1, 0, 2) for x in (q, k, v)]
    scores = split[0] @ split[1].transpose(0, 2, 1) / math.sqrt(H // HEADS)
    p = np.exp(scores - scores.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return (p @ split[2]).transpose(1, 0, 2).reshape(len(q), H)


def rotated(x, angles):
    """Halves of each head turned by angles [T, half a head]."""
    heads = x.reshape(len(x), HEADS, -1)
    first, second = np.split(heads, 2, -1)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1).reshape(len(x), H)


def angles(places, down, right):
    return np.array([[r * f for f in down] + [c * f for f in right] for r, c in places])


def patches(picture):
    """[C, height, width] -> grid and [patches, C * PATCH * PATCH]."""
    c, height, width = picture.shape
    rows, columns = height // PATCH, width // PATCH
    cut = picture[:, : rows * PATCH, : columns * PATCH].reshape(c, rows, PATCH, columns, PATCH)
    return rows, columns, cut.transpose(1, 3, 0, 2, 4).reshape(rows * columns, -1)


def convolved(x, w, name, bias, *kernel):
    y = x @ w.get(name + ".weight", H, *kernel).reshape(H, -1).T
    return y + w.get(name + ".bias", H) if bias else y


def siglip_layer(x, w, at, act, eps, turn=None):
    y = w.layer_norm(x, at + ".layer_norm1", eps)
    q, k, v = (w.linear(y, f"{at}.self_attn.{n}_proj", H) for n in "qkv")
    if turn is not None:
        q, k = rotated(q, turn), rotated(k, turn)
    x = x + w.linear(attend(q, k, v), at + ".self_attn.out_proj", H)
    y = w.layer_norm(x, at + ".layer_norm2", eps)
    return x + w.linear(act(w.linear(y, at + ".mlp.fc1", INNER)), at + ".mlp.fc2", H)


def two_layers(x, w, act=gelu, bias=True):
    at = "multi_modal_projector."
    return w.linear(act(w.linear(x, at + "linear_1", TEXT, bias)), at + "linear_2", TEXT, bias)


def llava_clip(picture, w):
    at = "vision_tower.vision_model."
    rows, columns, cut = patches(picture)
    x = convolved(cut, w, at + "embeddings.patch_embedding", False, 3, PATCH, PATCH)
    x = np.concatenate([w.get(at + "embeddings.class_embedding", H)[None], x])
    x = x + w.get(at + "embeddings.position_embedding.weight", len(x), H)
    x = w.layer_norm(x, at + "pre_layrnorm", 1e-5)
    states = [x]
    for i in range(LAYERS):
        states.append(siglip_layer(states[-1], w, f"{at}encoder.layers.{i}", quick_gelu, 1e-5))
    w.layer_norm(x, at + "post_layernorm", 1e-5)
    return two_layers(states[-2][1:], w)


def llava_siglip(picture, w):
    at = "vision_tower.vision_model."
    rows, columns, cut = patches(picture)
    x = convolved(cut, w, at + "embeddings.patch_embedding", True, 3, PATCH, PATCH)
    x = x + w.get(at + "embeddings.position_embedding.weight", len(x), H)
    for i in range(LAYERS):
        x = siglip_layer(x, w, f"{at}encoder.layers.{i}", gelu_tanh, 1e-6)
    w.layer_norm(x, at + "post_layernorm", 1e-6)
    return two_layers(x, w)


def next_features(picture, w, single, best, most):
    """The whole picture by patches of a crop of its corner (sizes do not matter here), then tiles."""
    height, width = picture.shape[1:]
    random = np.random.default_rng(height * 1000 + width)
    tiles = random.normal(0, 1, (1 + best[0] * best[1], 3, 16, 16)).astype("float32").astype("float64")
    parts = [single(tile, w) for tile in tiles]
    end = w.get("image_newline", TEXT)
    grid = np.array(parts[1:]).reshape(best[0], best[1], 4, 4, TEXT).transpose(0, 2, 1, 3, 4)
    grid = grid.reshape(4 * best[0], 4 * best[1], TEXT)
    rows, columns = grid.shape[:2]
    if width / height > columns / rows:
        cut = (rows - int(round(height * (columns / width), 7))) // 2
        grid = grid[cut : rows - cut]
    else:
        cut = (columns - int(round(width * (rows / height), 7))) // 2
        grid = grid[:, cut : columns - cut]
    rows, columns = grid.shape[:2]
    ratio = math.sqrt(rows * columns / (most * 16)) if most else 0
    if ratio > 1.1:
        fewer = int(rows // ratio), int(columns // ratio)
        smaller = np.zeros(fewer + (TEXT,))
        for r in range(fewer[0]):
            for c in range(fewer[1]):
                y = max((r + 0.5) * rows / fewer[0] - 0.5, 0)
                z = max((c + 0.5) * columns / fewer[1] - 0.5, 0)
                for a in range(rows):
                    for b in range(columns):
                        near = max(0, 1 - abs(min(y, rows - 1) - a)) * max(0, 1 - abs(min(z, columns - 1) - b))
                        smaller[r, c] += near * grid[a, b]
        grid = smaller
    lines = np.concatenate([grid, np.tile(end, (len(grid), 1, 1))], 1).reshape(-1, TEXT)
    return np.concatenate([parts[0], lines]), tiles


def llava_next(picture, w):
    best = {(20, 40): (1, 2), (40, 12): (2, 1)}[picture.shape[1:]]
    return next_features(picture, w, llava_clip, best, 0)


def llava_onevision(picture, w):
    best = {(20, 40): (1, 2), (40, 37): (2, 2)}[picture.shape[1:]]
    return next_features(picture, w, llava_siglip, best, 2)


def pixtral(picture, w):
    at = "vision_tower."
    rows, columns, cut = patches(picture)
    x = w.rms_norm(convolved(cut, w, at + "patch_conv", False, 3, PATCH, PATCH), at + "ln_pre", 1e-5)
    width = H // HEADS
    steps = [1 / 10000 ** (i / width) for i in range(0, width, 2)]
    turn = angles([(i // columns, i % columns) for i in range(len(x))], steps[::2], steps[1::2])
    for i in range(LAYERS):
        at = f"vision_tower.transformer.layers.{i}."
        y = w.rms_norm(x, at + "attention_norm", 1e-5)
        q, k, v = (w.linear(y, f"{at}attention.{n}_proj", H, False) for n in "qkv")
        x = x + w.linear(attend(rotated(q, turn), rotated(k, turn), v), at + "attention.o_proj", H, False)
        y = w.rms_norm(x, at + "ffn_norm", 1e-5)
        gate = silu(w.linear(y, at + "feed_forward.gate_proj", INNER, False))
        y = gate * w.linear(y, at + "feed_forward.up_proj", INNER, False)
        x = x + w.linear(y, at + "feed_forward.down_proj", H, False)
    return rows, columns, x


def llava_pixtral(picture, w):
    return two_layers(pixtral(picture, w)[2], w)


def mistral3(picture, w):
    rows, columns, x = pixtral(picture, w)
    x = w.rms_norm(x, "multi_modal_projector.norm", 1e-4).reshape(rows, columns, H)
    squares = []
    for row in range(0, rows - 1, 2):
        for column in range(0, columns - 1, 2):
            # Channels slowest, as unfold lays them out.
            squares.append(x[row : row + 2, column : column + 2].transpose(2, 0, 1).reshape(-1))
    merged = w.linear(np.array(squares), "multi_modal_projector.patch_merger.merging_layer", H, False)
    return two_layers(merged, w, bias=False)


def internvl(picture, w):
    at = "model.vision_tower."
    rows, columns, cut = patches(picture)
    x = convolved(cut, w, at + "embeddings.patch_embeddings.projection", True, 3, PATCH, PATCH)
    x = np.concatenate([w.get(at + "embeddings.cls_token", 1, 1, H)[0], x])
    x = x + w.get(at + "embeddings.position_embeddings", 1, len(x), H)[0]
    for i in range(LAYERS):
        at = f"model.vision_tower.encoder.layer.{i}."
        y = w.layer_norm(x, at + "layernorm_before", 1e-6)
        q, k, v = (w.linear(y, f"{at}attention.{n}_proj", H) for n in "qkv")
        q, k = (w.rms_norm(y, f"{at}attention.{n}_norm", 1e-6) for n, y in (("q", q), ("k", k)))
        y = w.linear(attend(q, k, v), at + "attention.projection_layer", H)
        x = x + y * w.get(at + "lambda_1", H)
        y = w.layer_norm(x, at + "layernorm_after", 1e-6)
        y = w.linear(gelu(w.linear(y, at + "mlp.fc1", INNER)), at + "mlp.fc2", H)
        x = x + y * w.get(at + "lambda_2", H)
    x = x[1:].reshape(rows // 2, 2, columns // 2, 2, H).transpose(0, 2, 1, 3, 4).reshape(-1, 4 * H)
    at = "model.multi_modal_projector."
    x = w.layer_norm(x, at + "layer_norm", 1e-5)
    return w.linear(gelu(w.linear(x, at + "linear_1", TEXT)), at + "linear_2", TEXT)


def by_squares(picture):
    """Patches of two equal frames, square by square, and the angles of their places."""
    rows, columns, cut = patches(picture)
    twice = np.repeat(cut.reshape(len(cut), 3, 1, PATCH, PATCH), 2, 2).reshape(len(cut), -1)
    places = [
        (2 * r + dr, 2 * c + dc)
        for r in range(rows // 2)
        for c in range(columns // 2)
        for dr in range(2)
        for dc in range(2)
    ]
    steps = [1 / 10000 ** (i / (H // HEADS // 2)) for i in range(0, H // HEADS // 2, 2)]
    return np.array([twice[r * columns + c] for r, c in places]), angles(places, steps, steps)


def qwen2_vl(picture, w):
    at = "visual."
    given, turn = by_squares(picture)
    x = convolved(given, w, at + "patch_embed.proj", False, 3, 2, PATCH, PATCH)
    for i in range(LAYERS):
        b = f"{at}blocks.{i}."
        q, k, v = np.split(w.linear(w.layer_norm(x, b + "norm1", 1e-6), b + "attn.qkv", 3 * H), 3, -1)
        x = x + w.linear(attend(rotated(q, turn), rotated(k, turn), v), b + "attn.proj", H)
        y = w.linear(w.layer_norm(x, b + "norm2", 1e-6), b + "mlp.fc1", 2 * H)
        x = x + w.linear(quick_gelu(y), b + "mlp.fc2", H)
    x = w.layer_norm(x, at + "merger.ln_q", 1e-6).reshape(-1, 4 * H)
    return w.linear(gelu(w.linear(x, at + "merger.mlp.0", 4 * H)), at + "merger.mlp.2", TEXT), given


def glm_ocr(picture, w):
    at = "model.visual."
    given, turn = by_squares(picture)
    x = convolved(given, w, at + "patch_embed.proj", True, 3, 2, PATCH, PATCH)

    def per_head(y, name):
        return w.rms_norm(y.reshape(len(y), HEADS, -1), name, 1e-5).reshape(len(y), H)

    for i in range(LAYERS):
        b = f"{at}blocks.{i}."
        q, k, v = np.split(w.linear(w.rms_norm(x, b + "norm1", 1e-5), b + "attn.qkv", 3 * H), 3, -1)
        q, k = per_head(q, b + "attn.q_norm"), per_head(k, b + "attn.k_norm")
        x = x + w.linear(attend(rotated(q, turn), rotated(k, turn), v), b + "attn.proj", H)
        y = w.rms_norm(x, b + "norm2", 1e-5)
        y = silu(w.linear(y, b + "mlp.gate_proj", INNER)) * w.linear(y, b + "mlp.up_proj", INNER)
        x = x + w.linear(y, b + "mlp.down_proj", H)
    x = w.rms_norm(x, at + "post_layernorm", 1e-5).reshape(-1, 2, 2, H)
    kernel = w.get(at + "downsample.weight", TEXT, H, 2, 2)
    x = np.einsum("nyxc,ocyx->no", x, kernel) + w.get(at + "downsample.bias", TEXT)
    x = w.linear(x, at + "merger.proj", TEXT, False)
    x = gelu(w.layer_norm(x, at + "merger.post_projection_norm", 1e-5))
    gate = silu(w.linear(x, at + "merger.gate_proj", 3 * TEXT, False))
    x = gate * w.linear(x, at + "merger.up_proj", 3 * TEXT, False)
    return w.linear(x, at + "merger.down_proj", TEXT, False), given


def paddleocr_vl(picture, w):
    at = "model.visual.vision_model."
    rows, columns, cut = patches(picture)
    x = convolved(cut, w, at + "embeddings.patch_embedding", True, 3, PATCH, PATCH)
    side = 4
    table = w.get(at + "embeddings.position_embedding.weight", side * side, H).reshape(side, side, H)
    places = [(r, c) for r in range(rows) for c in range(columns)]
    added = []
    for r, c in places:
        y, z = r * (side - 1) / max(rows - 1, 1), c * (side - 1) / max(columns - 1, 1)
        total = np.zeros(H)
        for dy in range(side):
            for dx in range(side):
                total += max(0, 1 - abs(y - dy)) * max(0, 1 - abs(z - dx)) * table[dy, dx]
        added.append(total)
    x = x + np.array(added)
    steps = [1 / 10000 ** (i / (H // HEADS // 2)) for i in range(0, H // HEADS // 2, 2)]
    turn = angles(places, steps, steps)
    for i in range(LAYERS):
        x = siglip_layer(x, w, f"{at}encoder.layers.{i}", gelu_tanh, 1e-6, turn)
    x = w.layer_norm(w.layer_norm(x, at + "post_layernorm", 1e-6), "model.projector.pre_norm", 1e-5)
    x = x.reshape(rows // 2, 2, columns // 2, 2, H).transpose(0, 2, 1, 3, 4).reshape(-1, 4 * H)
    y = gelu(w.linear(x, "model.projector.linear_1", 4 * H))
    return w.linear(y, "model.projector.linear_2", TEXT), cut


SIGLIP = {"num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER}
TILE = {**SIGLIP, "hidden_size": H, "patch_size": PATCH, "image_size": 4 * PATCH}
SAME = [(16, 16), (16, 16), (16, 16)]
MIXED = [(16, 24), (24, 16), (16, 24)]

CASES = {
    "llava_clip": (llava_clip, SAME, {"model_type": "llava", "vision_config": {**TILE, "model_type": "clip_vision_model"}}),
    "llava_siglip": (
        llava_siglip,
        SAME,
        {
            "model_type": "llava",
            "vision_feature_layer": -1,
            "vision_feature_select_strategy": "full",
            "vision_config": {**TILE, "model_type": "siglip_vision_model", "vision_use_head": False},
        },
    ),
    "llava_next": (
        llava_next,
        [(20, 40), (40, 12)],
        {
            "model_type": "llava_next",
            "image_grid_pinpoints": [[16, 32], [32, 16], [32, 32]],
            "vision_config": {**TILE, "model_type": "clip_vision_model"},
        },
    ),
    "llava_onevision": (
        llava_onevision,
        [(20, 40), (40, 37)],
        {
            "model_type": "llava_onevision",
            "image_grid_pinpoints": [[16, 32], [32, 16], [32, 32]],
            "vision_aspect_ratio": "anyres_max_2",
            "vision_config": {**TILE, "model_type": "siglip_vision_model", "vision_use_head": False},
        },
    ),
    "llava_pixtral": (
        llava_pixtral,
        MIXED,
        {
            "model_type": "llava",
            "vision_feature_layer": -1,
            "vision_feature_select_strategy": "full",
            "vision_config": {**TILE, "model_type": "pixtral", "image_size": 32, "hidden_act": "silu"},
        },
    ),
    "mistral3": (
        mistral3,
        [(16, 24), (20, 16), (16, 28)],
        {
            "model_type": "mistral3",
            "spatial_merge_size": 2,
            "vision_config": {**TILE, "model_type": "pixtral", "image_size": 32, "hidden_act": "silu"},
        },
    ),
    "internvl": (
        internvl,
        SAME,
        {
            "model_type": "internvl",
            "vision_config": {
                **TILE,
                "model_type": "internvl_vision",
                "image_size": [16, 16],
                "patch_size": [PATCH, PATCH],
                "attention_bias": True,
                "use_qk_norm": True,
            },
        },
    ),
    "qwen2_vl": (
        qwen2_vl,
        MIXED,
        {
            "model_type": "qwen2_vl",
            "vision_config": {
                "model_type": "qwen2_vl",
                "embed_dim": H,
                "hidden_size": TEXT,
                "num_heads": HEADS,
                "depth": LAYERS,
                "mlp_ratio": 2,
                "patch_size": PATCH,
            },
        },
    ),
    "glm_ocr": (
        glm_ocr,
        MIXED,
        {
            "model_type": "glm_ocr",
            "vision_config": {
                "model_type": "glm_ocr_vision",
                "hidden_size": H,
                "num_heads": HEADS,
                "depth": LAYERS,
                "intermediate_size": INNER,
                "patch_size": PATCH,
                "out_hidden_size": TEXT,
            },
        },
    ),
    "paddleocr_vl": (
        paddleocr_vl,
        MIXED,
        {"model_type": "paddleocr_vl", "vision_config": {**TILE, "model_type": "paddleocr_vl_vision"}},
    ),
}


def write(folder, seed, forward, sizes, config):
    w = Weights(seed)
    random = np.random.default_rng(seed + 100)
    pictures = [random.normal(0, 1, (3,) + size).astype("float32") for size in sizes]
    made = [forward(picture.astype("float64"), w) for picture in pictures]
    grids = []
    tiles = [1] * len(pictures)
    if isinstance(made[0], tuple):
        pixels = np.concatenate([rows for _, rows in made])
        tiles = [len(rows) for _, rows in made]
        made = [features for features, _ in made]
        unit = 1 if pixels.ndim == 4 else PATCH
        grids = [[1, p.shape[1] // unit, p.shape[2] // unit] for p in pictures]
    else:
        height, width = max(s[0] for s in sizes), max(s[1] for s in sizes)
        pixels = np.zeros((len(pictures), 3, height, width))
        for i, picture in enumerate(pictures):
            pixels[i, :, : picture.shape[1], : picture.shape[2]] = picture
        if sizes != SAME:
            grids = [[1, p.shape[1] // PATCH, p.shape[2] // PATCH] for p in pictures]
    text = {"model_type": "llama", "hidden_size": TEXT, "rms_norm_eps": 1e-4}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**config, "text_config": text}, indent=1) + "\n")
    (folder / "pixels.json").write_text(json.dumps({"grids": grids, "tiles": tiles, "tokens": [len(x) for x in made]}) + "\n")
    save(folder / "model.safetensors", w)
    save(folder / "expected.safetensors", {"pixel_values": pixels, "image_features": np.concatenate(made)})


if __name__ == "__main__":
    for number, (name, (forward, sizes, config)) in enumerate(CASES.items()):
        write(Path(sys.argv[1]) / name, number, forward, sizes, config)
