"""PyTorch's side of bench:robe: EmbeddingBag on the CPU, one id per bag.

A case is a JSON object: dim, rows (of the table; those of a smaller table than the ids are of are taken modulo), ids (a
file of u32), batch, tables, threads. All tables are views of one block of memory.
"""

import itertools
import sys

from peer import serve

try:
    import numpy as np
    import torch
except ImportError:
    sys.exit(f"bench:robe: {sys.executable} has no torch and numpy")

memory = torch.empty(0)


def elements(count):
    global memory
    if len(memory) < count:
        memory = torch.empty(count).uniform_(-1, 1)
    return memory[:count]


def prepare(spec):
    rows, dim, batch, tables, threads = (spec[k] for k in ("rows", "dim", "batch", "tables", "threads"))
    weights = elements(tables * rows * dim).view(tables, rows, dim)
    bags = [torch.nn.EmbeddingBag(rows, dim, mode="sum", _weight=weights[t]) for t in range(tables)]
    ids = torch.from_numpy(np.fromfile(spec["ids"], dtype=np.uint32).astype(np.int64) % rows)
    batches = itertools.cycle(ids.view(-1, batch, tables).transpose(1, 2).contiguous())
    offsets = torch.arange(batch)

    def run():
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        with torch.no_grad():
            for bag, table_ids in zip(bags, next(batches)):
                bag(table_ids, offsets)

    return run


serve("PyTorch", torch.__version__, prepare)
