"""Independent reference of the synthetic click log: prints SHA-256 of the first rows' bits.

    python3 bench/datasets/synthetic_bits.py [rows = 20000] [seed = 1]

Follows packages/datasets/src/synthetic/generator.ts with nothing but Python's standard library: exp, log and the inverse
normal distribution function are Python's, and bisection takes the place of guide tables. Where those functions differ
from the package's by a last bit, a 32-bit threshold may move by one, which changes a draw in 2^32. With Python 3.11 the
hashes of 20,000 and of 1,000,000 rows are those in synthetic_bits.ts; that took 8 and 62 s.
"""
import hashlib
import math
import sys
from array import array
from bisect import bisect_right
from statistics import NormalDist

ROWS = [1460, 583, 202824, 44252, 305, 24, 450, 633, 3, 2062, 313, 167231, 263, 27, 499, 109426, 10, 313, 243, 4,
        141130, 18, 15, 5923, 105, 3051]
INFORMATIVE = [0, 2, 5, 8, 10, 14, 19, 22]
DENSE = 13
M = 2**32 - 1
quantile = NormalDist().inv_cdf


def mix32(x):
    x &= M
    x = (x ^ x >> 16) * 0x21F0AAAD & M
    x = (x ^ x >> 15) * 0x735A2D97 & M
    return x ^ x >> 15


def combine(key, word):
    return mix32(mix32(key ^ 0x9E3779B9) + word * 0x85EBCA6B)


def permutation(size, seed):
    """All of a pseudo-random permutation: a Feistel network over Z_a x Z_b, walking cycles."""
    a = math.isqrt(size - 1) + 1
    b = -(-size // a)
    keys = [combine(seed, i) for i in range(8)]
    result = array("I")
    for x in range(size):
        while True:
            left, right = divmod(x, b)
            for k in range(0, 8, 2):
                left = (left + mix32(right ^ keys[k])) % a
                right = (right + mix32(left ^ keys[k + 1])) % b
            x = left * b + right
            if x < size:
                break
        result.append(x)
    return result


def zipf(size, exponent):
    """32-bit thresholds: value k for thresholds[k-1] <= u < thresholds[k]."""
    cumulative, total = [], 0.0
    for k in range(size):
        total += math.exp(-exponent * math.log(k + 1))
        cumulative.append(total)
    return [min(M, math.floor(c / total * 2**32)) for c in cumulative[:-1]]


def count_of(u):
    """0 in 20 % of the rows, otherwise floor(lognormal(1, 1.2))."""
    rest = ((u + 0.5) / 2**32 - 0.2) / 0.8
    return 0 if rest <= 0 else math.floor(math.exp(1 + 1.2 * quantile(rest)))


def count_thresholds():
    thresholds, start = [], 0
    for k in range(count_of(M)):
        low, high = start, M
        while low < high:
            middle = (low + high) // 2
            if count_of(middle) <= k:
                low = middle + 1
            else:
                high = middle
        start = low
        thresholds.append(low)
    return thresholds


class Generator:
    def __init__(self, seed):
        key = combine(combine(0xC417E0, seed), seed >> 32)
        self.keys = [combine(key, i) for i in range(80)]
        self.ranks = [zipf(rows, 1.2 if rows > 1000 else 0.9) for rows in ROWS]
        self.ids = [permutation(rows, combine(key, 1000 + t)) for t, rows in enumerate(ROWS)]

        def normal(stream, index):
            return quantile((combine(combine(key, 2000 + stream), index) + 0.5) / 2**32)

        self.effects = {t: array("f", (normal(t, i) for i in range(3 * ROWS[t]))) for t in INFORMATIVE}
        self.counts = count_thresholds()
        edges = [0, *self.counts, 2**32]
        self.feature = [math.log1p(x) for x in range(len(self.counts) + 1)]
        share = [(edges[x + 1] - edges[x]) / 2**32 for x in range(len(self.feature))]
        self.mean = sum(p * f for p, f in zip(share, self.feature))
        square = sum(p * f * f for p, f in zip(share, self.feature))
        scale = 0.6 / math.sqrt(13) / math.sqrt(square - self.mean**2)
        self.weights = [normal(100, c) * scale for c in range(DENSE)]
        logits = [self.draw(2**40 + i)[2] for i in range(2**16)]
        bias = 0.0
        for _ in range(8):
            probabilities = [1 / (1 + math.exp(-(x + bias))) for x in logits]
            slope = sum(p * (1 - p) for p in probabilities)
            bias -= (sum(probabilities) - 0.2562 * 2**16) / slope
        self.bias = bias

    def uniform(self, row, column):
        return mix32(mix32(row ^ self.keys[2 * column]) + self.keys[2 * column + 1] + (row >> 32) * 0x9E3779B1)

    def draw(self, row):
        ids = [self.ids[t][bisect_right(self.ranks[t], self.uniform(row, t))] for t in range(26)]
        counts = [bisect_right(self.counts, self.uniform(row, 26 + c)) for c in range(DENSE)]
        effects = [self.effects[t][3 * ids[t]:3 * ids[t] + 3] for t in INFORMATIVE]
        linear = sum(e[0] for e in effects) * 1.2 / math.sqrt(8)
        pairs = sum(
            effects[i][1] * effects[j][1] + effects[i][2] * effects[j][2]
            for i in range(8) for j in range(i)
        ) * 0.5 / math.sqrt(2 * 28)
        dense = sum(w * (self.feature[x] - self.mean) for w, x in zip(self.weights, counts))
        return ids, counts, linear + pairs + dense

    def row(self, row):
        ids, counts, logit = self.draw(row)
        probability = 1 / (1 + math.exp(-(logit + self.bias)))
        label = (self.uniform(row, 39) + 0.5) / 2**32 < probability
        return [self.feature[x] for x in counts], ids, float(label)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    generator = Generator(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    names = {"dense": "f", "ids": "I", "labels": "f"}
    hashes = {name: hashlib.sha256() for name in names}
    for start in range(0, rows, 1000):
        parts = {name: array(code) for name, code in names.items()}
        for row in range(start, min(start + 1000, rows)):
            dense, ids, label = generator.row(row)
            parts["dense"].extend(dense)
            parts["ids"].extend(ids)
            parts["labels"].append(label)
        for name, part in parts.items():
            if sys.byteorder == "big":
                part.byteswap()
            hashes[name].update(part.tobytes())
    print(f"{rows} rows")
    for name, digest in hashes.items():
        print(f"{name:6} {digest.hexdigest()}")


main()
