"""PyTorch's side of the operator benches. A case is a JSON object: op, its sizes, threads."""

import itertools
import sys

from peer import serve

try:
    import torch
except ImportError:
    sys.exit(f"bench:compute: {sys.executable} has no torch")


def gemm(m, n, k, transpose_a=False, transpose_b=False, bias=False, relu=False):
    a = torch.rand(k, m).t() if transpose_a else torch.rand(m, k)
    b = torch.rand(n, k).t() if transpose_b else torch.rand(k, n)
    out, vector = torch.empty(m, n), torch.rand(n)

    def work():
        if bias:
            torch.addmm(vector, a, b, out=out)
        else:
            torch.mm(a, b, out=out)
        if relu:
            out.relu_()

    return work


def sort(n, high=2**31 - 1):
    keys = torch.randint(0, high, (n,), dtype=torch.int32)
    return lambda: torch.sort(keys, stable=True)


def id_sets(rows, batch, sets, pooling=1):
    """Uniform ids of several batches, so that a repeat does not find the rows of the last one in a cache."""
    return itertools.cycle([[torch.randint(0, r, (batch * pooling,)) for r in rows] for _ in range(sets)])


def embedding(rows, dim, batch, sets=1, pooling=1):
    """One EmbeddingBag per table, as DLRM does; `rows` lists the tables, uniform ids."""
    bags = [torch.nn.EmbeddingBag(r, dim, mode="sum", _weight=torch.full((r, dim), 0.1)) for r in rows]
    offsets, batches = torch.arange(0, batch * pooling, pooling), id_sets(rows, batch, sets, pooling)

    def work():
        with torch.no_grad():
            for bag, table_ids in zip(bags, next(batches)):
                bag(table_ids, offsets)

    return work


def embedding_update(rows, dim, batch, sets=1, optimizer="sgd"):
    """Backward to sparse gradients and one optimiser step; the forward passes are done beforehand."""
    bags = [torch.nn.EmbeddingBag(r, dim, mode="sum", sparse=True, _weight=torch.full((r, dim), 0.1)) for r in rows]
    parameters = [bag.weight for bag in bags]
    step = {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad, "adam": torch.optim.SparseAdam}[optimizer](
        parameters, lr=1e-3
    )
    offsets, batches = torch.arange(batch), id_sets(rows, batch, sets)
    outs = itertools.cycle([[bag(i, offsets) for bag, i in zip(bags, next(batches))] for _ in range(sets)])
    grads = [torch.rand(batch, dim) for _ in rows]

    def work():
        step.zero_grad(set_to_none=True)
        torch.autograd.backward(next(outs), grads, retain_graph=True)
        step.step()

    return work


def interaction(batch, features, dim):
    """DLRM's dot interaction with the dense vector as feature 0, as facebookresearch/dlrm writes it."""
    x = torch.rand(batch, features, dim)
    rows = torch.tensor([i for i in range(features) for _ in range(i)])
    columns = torch.tensor([j for i in range(features) for j in range(i)])

    def work():
        z = torch.bmm(x, x.transpose(1, 2))
        torch.cat([x[:, 0], z[:, rows, columns]], dim=1)

    return work


def interaction_backward(batch, features, dim):
    x = torch.rand(batch, features, dim, requires_grad=True)
    rows = torch.tensor([i for i in range(features) for _ in range(i)])
    columns = torch.tensor([j for i in range(features) for j in range(i)])
    z = torch.bmm(x, x.transpose(1, 2))
    out = torch.cat([x[:, 0], z[:, rows, columns]], dim=1)
    grad = torch.rand_like(out)
    return lambda: torch.autograd.grad(out, x, grad, retain_graph=True)


def add(n):
    a, b, out = torch.rand(n), torch.rand(n), torch.empty(n)
    return lambda: torch.add(a, b, out=out)


def sum_rows(m, n):
    a, out = torch.rand(m, n), torch.empty(n)
    return lambda: torch.sum(a, 0, out=out)


def bce(n):
    logits, labels = torch.randn(n, requires_grad=True), torch.randint(0, 2, (n,)).float()

    def work():
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
        torch.autograd.grad(loss, logits)

    return work


def axpy(n):
    x, y = torch.rand(n), torch.rand(n)
    return lambda: y.add_(x, alpha=1e-3)


def sum_squares(n):
    x = torch.rand(n)
    return lambda: torch.dot(x, x)


def uniform(n):
    x = torch.empty(n)
    return lambda: x.uniform_()


def dense_update(n, optimizer):
    parameter = torch.nn.Parameter(torch.rand(n))
    parameter.grad = torch.rand(n)
    kinds = {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad, "adam": torch.optim.Adam}
    return kinds[optimizer]([parameter], lr=1e-3).step


OPERATIONS = {
    f.__name__: f
    for f in (
        gemm, sort, embedding, embedding_update, interaction, interaction_backward, add, sum_rows, bce, axpy,
        sum_squares, uniform, dense_update,
    )
}


def prepare(spec):
    torch.manual_seed(1)
    sizes = {name: value for name, value in spec.items() if name not in ("op", "threads")}
    threads, work = spec.get("threads", torch.get_num_threads()), OPERATIONS[spec["op"]](**sizes)

    def run():
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        work()

    return run


serve("PyTorch", torch.__version__, prepare)
