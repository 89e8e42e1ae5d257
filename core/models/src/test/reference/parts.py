"""The arithmetic every family is made of, in float64 and without any cleverness."""

import math

import numpy as np


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x)


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


ACTIVATIONS = {
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2))),
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "relu": lambda x: np.maximum(x, 0),
    "relu2": lambda x: np.maximum(x, 0) ** 2,
}


def linear(x, weights, name):
    y = x @ weights[name + ".weight"].T
    bias = weights.get(name + ".bias")
    return y if bias is None else y + bias


def rms_norm(x, weight, eps):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * weight


def layer_norm(x, weights, name, eps):
    centered = x - x.mean(-1, keepdims=True)
    y = centered / np.sqrt((centered**2).mean(-1, keepdims=True) + eps)
    y = y * weights[name + ".weight"]
    bias = weights.get(name + ".bias")
    return y if bias is None else y + bias


def softmax(scores):
    """
    Over the last axis. A row with nothing allowed, which only padding can have, is even over
    everything: that is what adding the lowest float to every score comes to.
    """
    scores = np.where(np.isneginf(scores).all(-1, keepdims=True), 0, scores)
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attend(q, k, v, allowed, scale, cap=None):
    """q [B, H, T, D], k and v [B, G, T, D], allowed [B, T, T]; returns [B, T, H * D]."""
    repeat = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, repeat, axis=1), np.repeat(v, repeat, axis=1)
    scores = q @ k.swapaxes(-1, -2) * scale
    if cap is not None:
        scores = np.tanh(scores / cap) * cap
    scores = np.where(allowed[:, None], scores, -np.inf)
    return merge_heads(softmax(scores) @ v)


def split_heads(x, head_dim):
    """[B, T, H * D] to [B, H, T, D]."""
    b, t, _ = x.shape
    return x.reshape(b, t, -1, head_dim).swapaxes(1, 2)


def merge_heads(x):
    b, _, t, _ = x.shape
    return x.swapaxes(1, 2).reshape(b, t, -1)


def rotate(x, cos, sin):
    """Rotary embedding of the first cos.shape[-1] of a head: x [B, H, T, D], cos [B, T, R]."""
    width = cos.shape[-1]
    turned, rest = x[..., :width], x[..., width:]
    half = np.concatenate([-turned[..., width // 2 :], turned[..., : width // 2]], -1)
    turned = turned * cos[:, None] + half * sin[:, None]
    return np.concatenate([turned, rest], -1)


def causal(mask, window=None):
    """What each token may attend to: not later, not padding, less than a window away."""
    t = mask.shape[1]
    i, j = np.arange(t)[:, None], np.arange(t)[None, :]
    allowed = j <= i
    if window is not None:
        allowed &= j > i - window
    return allowed[None] & (mask[:, None, :] == 1)


def both_ways(mask, reach=None):
    """As causal, for encoders: at most reach away on either side."""
    t = mask.shape[1]
    i, j = np.arange(t)[:, None], np.arange(t)[None, :]
    near = np.ones((t, t), bool) if reach is None else np.abs(i - j) <= reach
    return near[None] & (mask[:, None, :] == 1)


def cross_entropy(logits, labels):
    """Mean over the labels that are not -100."""
    logits, labels = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)
    kept = labels != -100
    logits, labels = logits[kept], labels[kept]
    top = logits.max(-1, keepdims=True)
    logs = logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))
    return -logs[np.arange(len(labels)), labels].mean()
