"""PyTorch's side of bench:robe: EmbeddingBag on the CPU, one id per bag.

A case is a JSON object: dim, rows (a list, of each table; ids of larger tables are taken modulo), ids (a file of u32,
[batches, batch, tables]), batch, train (look up, then update by sparse gradients and SGD; else look up), threads. All
tables are views of one block of memory.
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
    rows, dim, batch, threads = (spec[k] for k in ("rows", "dim", "batch", "threads"))
    weights = elements(sum(rows) * dim).view(-1, dim).split(rows)
    bags = [torch.nn.EmbeddingBag(n, dim, mode="sum", sparse=True, _weight=w) for n, w in zip(rows, weights)]
    ids = torch.from_numpy(np.fromfile(spec["ids"], dtype=np.uint32).astype(np.int64)).view(-1, batch, len(rows))
    batches = itertools.cycle((ids % torch.tensor(rows)).transpose(1, 2).contiguous())
    offsets = torch.arange(batch)
    optimizer = torch.optim.SGD([bag.weight for bag in bags], lr=1e-4)
    gradients = [torch.full((batch, dim), 1e-3) for _ in rows]

    def look_up():
        return [bag(table_ids, offsets) for bag, table_ids in zip(bags, next(batches))]

    def train():
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(look_up(), gradients)
        optimizer.step()

    def run():
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if spec.get("train"):
            train()
        else:
            with torch.no_grad():
                look_up()

    return run


serve("PyTorch", torch.__version__, prepare)
