"""Threefry-2x32 on 64-bit integers and Box-Muller in float64 (Salmon et al. 2011)."""

import numpy as np

TURNS = (13, 15, 26, 6, 17, 29, 16, 24)
WORD = np.uint64(0xFFFFFFFF)
PER_FRAME = 0x46524D45


def threefry(key, high, low):
    words = [np.uint64(int(k)) for k in key]
    words.append(words[0] ^ words[1] ^ np.uint64(0x1BD11BDA))
    a, b = (np.asarray(v).astype(np.int64).astype(np.uint64) & WORD for v in (high, low))
    a, b = (a + words[0]) & WORD, (b + words[1]) & WORD
    for turn in range(20):
        a = (a + b) & WORD
        by = np.uint64(TURNS[turn % 8])
        b = (((b << by) | (b >> (np.uint64(32) - by))) & WORD) ^ a
        if turn % 4 == 3:
            group = turn // 4 + 1
            a = (a + words[group % 3]) & WORD
            b = (b + words[(group + 1) % 3] + np.uint64(group)) & WORD
    return a, b


def key_of(step):
    return threefry((int(step.seed), step.salt), int(step.ordinal), 0)


def unit(words):
    return ((words >> np.uint64(8)).astype(np.float64) + 0.5) * 2.0**-24


def gaussian_pair(words):
    radius, angle = np.sqrt(-2 * np.log(unit(words[0]))), 2 * np.pi * unit(words[1])
    return radius * np.cos(angle), radius * np.sin(angle)


def at_pixels(key, frame, y, x, channels, pair_of):
    """(t, y, x, channels) numbers; `pair_of` makes two of the two words of a counter."""
    pairs = (channels + 1) // 2
    low = (np.asarray(y, np.int64)[:, None] << 16 | np.asarray(x, np.int64)[None])[None]
    planes = []
    for pair in range(pairs):
        planes += pair_of(threefry(key, (np.asarray(frame, np.int64) * pairs + pair)[:, None, None], low))
    return np.stack(planes[:channels], axis=-1)


def normal(key, frame, y, x, channels):
    return at_pixels(key, frame, y, x, channels, gaussian_pair)


def uniform(key, frame, y, x, channels):
    return at_pixels(key, frame, y, x, channels, lambda words: [unit(w) for w in words])


def frame_normal(key, frame, count):
    """(t, count <= 2) numbers a frame."""
    key = [int(k) ^ PER_FRAME for k in key]
    return np.stack(gaussian_pair(threefry(key, frame, 0))[:count], axis=-1)
