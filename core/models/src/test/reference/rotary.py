"""Rotary frequencies of every rope type of the 4.57 configuration files."""

import math

import numpy as np


def frequencies(config, length, theta, scaling, head_dim, share=1.0):
    """(inverse frequencies, factor on cos and sin) when the longest row so far has length tokens."""
    dim = int(head_dim * share)
    plain = 1.0 / theta ** (np.arange(0, dim, 2) / dim)
    kind = "default" if scaling is None else scaling.get("rope_type", scaling.get("type"))
    if kind == "default":
        return plain, 1.0
    if kind == "linear":
        return plain / scaling["factor"], 1.0
    if kind == "dynamic":
        return _dynamic(config, length, theta, scaling, dim)
    if kind == "yarn":
        return _yarn(config, theta, scaling, dim)
    if kind == "llama3":
        return _llama3(scaling, plain), 1.0
    if kind == "longrope":
        return _longrope(config, length, theta, scaling, dim)
    raise ValueError(kind)


def _dynamic(config, length, theta, scaling, dim):
    limit, factor = config["max_position_embeddings"], scaling["factor"]
    length = max(length, limit)
    base = theta * (factor * length / limit - (factor - 1)) ** (dim / (dim - 2))
    return 1.0 / base ** (np.arange(0, dim, 2) / dim), 1.0


def _yarn(config, theta, scaling, dim):
    factor = scaling["factor"]
    original = scaling.get("original_max_position_embeddings") or config["max_position_embeddings"]

    def mscale(m=1.0):
        return 1.0 if factor <= 1 else 0.1 * m * math.log(factor) + 1.0

    on_cos = scaling.get("attention_factor")
    if on_cos is None:
        some, all_dims = scaling.get("mscale"), scaling.get("mscale_all_dim")
        on_cos = mscale(some) / mscale(all_dims) if some and all_dims else mscale()

    def dimension(rotations):
        return dim * math.log(original / (rotations * 2 * math.pi)) / (2 * math.log(theta))

    low = dimension(scaling.get("beta_fast") or 32)
    high = dimension(scaling.get("beta_slow") or 1)
    if scaling.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    if low == high:
        high += 0.001
    ramp = np.clip((np.arange(dim // 2) - low) / (high - low), 0, 1)
    plain = 1.0 / theta ** (np.arange(0, dim, 2) / dim)
    return plain / factor * ramp + plain * (1 - ramp), on_cos


def _llama3(scaling, plain):
    factor, original = scaling["factor"], scaling["original_max_position_embeddings"]
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    wave = 2 * math.pi / plain
    smooth = (original / wave - low) / (high - low)
    between = (1 - smooth) * plain / factor + smooth * plain
    out = np.where(wave > original / low, plain / factor, between)
    return np.where(wave < original / high, plain, out)


def _longrope(config, length, theta, scaling, dim):
    original = config.get("original_max_position_embeddings", scaling.get("original_max_position_embeddings"))
    factor = scaling.get("factor")
    if original is not None:
        factor = config["max_position_embeddings"] / original
    else:
        original = config["max_position_embeddings"]
    on_cos = scaling.get("attention_factor")
    if on_cos is None:
        on_cos = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original))
    divisors = scaling["long_factor"] if length > original else scaling["short_factor"]
    return 1.0 / (np.array(divisors) * theta ** (np.arange(0, dim, 2) / dim)), on_cos


def cos_sin(config, positions, lengths, theta, scaling, head_dim, share=1.0):
    """
    [B, T, R] tables. lengths [T] is the length that was known when each token was first computed:
    a cache keeps keys as they were rotated then, which shows with the dynamic type.
    """
    tables = {n: frequencies(config, int(n), theta, scaling, head_dim, share) for n in set(lengths)}
    inverse = np.stack([tables[n][0] for n in lengths])
    factor = tables[lengths[0]][1]
    angles = positions[..., None] * inverse[None]
    angles = np.concatenate([angles, angles], -1)
    return np.cos(angles) * factor, np.sin(angles) * factor
