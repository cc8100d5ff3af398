"""SZ3 by pysz, one thread; see sz3.ts for what it is asked."""

from importlib.metadata import version

import numpy as np
from peer import serve
from pysz import sz, szAlgorithm, szConfig, szErrorBoundMode

ALGORITHMS = {"default": szAlgorithm.INTERP_LORENZO, "no prediction": szAlgorithm.NOPRED}


def config_of(algorithm, bound):
    config = szConfig()
    config.errorBoundMode = szErrorBoundMode.ABS
    config.absErrorBound = bound
    config.cmprAlgo = ALGORITHMS[algorithm]
    return config


def array_of(spec):
    return np.fromfile(spec["file"], dtype="<f4").reshape(spec["shape"])


def sizes(spec):
    """Bytes of all slices of an array, and how far the worst of them is off in units of its bound."""
    array, algorithm, total, worst = array_of(spec), spec["algorithm"], 0, 0.0
    rows = spec["sliceRows"] or len(array)
    for slice_number, begin in enumerate(range(0, len(array), rows)):
        part, bound = array[begin : begin + rows], spec["bounds"][slice_number]
        packed, _ = sz.compress(part, config_of(algorithm, bound))
        total += len(packed)
        restored, _ = sz.decompress(packed, np.float32, part.shape)
        worst = max(worst, float(np.abs(part.astype(np.float64) - restored).max()) / bound)
    return {"bytes": total, "worst": worst}


def encode(spec):
    """Compresses to a file."""
    packed, _ = sz.compress(array_of(spec), config_of(spec["algorithm"], spec["bound"]))
    packed.tofile(spec["out"])
    return {"bytes": len(packed)}


def decode(spec):
    """Restores a file; the parent compares."""
    packed = np.fromfile(spec["file"], dtype=np.uint8)
    restored, _ = sz.decompress(packed, np.float32, tuple(spec["shape"]))
    restored.tofile(spec["out"])
    return {"bytes": restored.nbytes}


def prepare(spec):
    array, config = array_of(spec), config_of(spec["algorithm"], spec["bound"])
    packed, _ = sz.compress(array, config)
    if spec["direction"] == "encode":
        return lambda: sz.compress(array, config)
    return lambda: sz.decompress(packed, np.float32, array.shape)


def version_text():
    """The library's version, which only the header of its streams tells, and the package's."""
    packed, _ = sz.compress(np.zeros((8, 8), np.float32), config_of("default", 0.1))
    return ".".join(str(part) for part in packed[7:4:-1]) + f" by pysz {version('pysz')}"


QUESTIONS = {"sizes": sizes, "encode": encode, "decode": decode}

serve("SZ3", version_text(), prepare, lambda spec: QUESTIONS[spec["question"]](spec))
