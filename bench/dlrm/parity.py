"""PyTorch's side of the parity check: python3 parity.py CASE.json OUTPUT_DIRECTORY

Builds the model that CASE.json describes twice, in float32 and in float64, from the same initial float32 weights, and
writes safetensors files for parity.ts to compare with:

  inputs.safetensors   initial weights by name, and per step dense.<i>, ids.<i>, labels.<i>
  one_step.safetensors float32: logits, gradient.<name>; <optimizer>.<name> after one update from a warm state
  runs.safetensors     per optimizer: <precision>.<optimizer>.losses, and .<name> after all steps

Needs torch and numpy; the safetensors writer is its own.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

TYPES = {"float32": "F32", "float64": "F64", "int32": "I32"}
WARM_STEPS = 9  # steps that Adam's warm state pretends to have behind it


def save(path, arrays):
    header, end, chunks = {}, 0, []
    for name in sorted(arrays, key=lambda name: (-arrays[name].itemsize, name)):
        array = np.ascontiguousarray(arrays[name])
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": TYPES[str(array.dtype)], "shape": list(array.shape), "data_offsets": [begin, end]}
        chunks.append(array.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(chunks))


def linears(case):
    """Names and shapes of the linear layers, and the names of tables, in facebookresearch/dlrm's words."""
    width = (len(case["rows"]) + 1) * case["dim"]
    shapes = {}
    for prefix, widths in (("bot_l", case["bottom"]), ("top_l", case["topWidths"])):
        for i in range(len(widths) - 1):
            shapes[f"{prefix}.{2 * i}.weight"] = (widths[i + 1], widths[i])
            shapes[f"{prefix}.{2 * i}.bias"] = (widths[i + 1],)
    if case["interaction"] == "dcn":
        for i in range(case["crossLayers"]):
            shapes[f"crossnet.V_kernels.{i}"] = (case["crossRank"], width)
            shapes[f"crossnet.W_kernels.{i}"] = (width, case["crossRank"])
            shapes[f"crossnet.bias.{i}"] = (width,)
    return shapes


def table_shapes(case):
    shapes = {}
    for t, (rows, scheme) in enumerate(zip(case["rows"], case["schemes"])):
        name, dim = f"emb_l.{t}.weight", case["dim"]
        if scheme["kind"] == "qr":
            shapes[name + "_q"] = (-(-rows // scheme["divisor"]), dim)
            shapes[name + "_r"] = (scheme["divisor"], dim)
        else:
            shapes[name] = (scheme.get("rows", rows), dim)
    return shapes


def initial(case, rng):
    arrays = {}
    for name, shape in linears(case).items():
        deviation = np.sqrt(2 / sum(shape)) if len(shape) == 2 else np.sqrt(1 / shape[0])
        arrays[name] = rng.normal(0, deviation, shape).astype(np.float32)
    for name, shape in table_shapes(case).items():
        arrays[name] = (rng.uniform(-1, 1, shape) / np.sqrt(shape[0]) ** 0.5).astype(np.float32)
    return arrays


def batches(case, rng):
    """Labels follow a planted rule with noise, so that there is something to learn."""
    effects = [rng.normal(0, 1, rows) for rows in case["rows"]]
    direction = rng.normal(0, 1, case["bottom"][0])
    made = []
    for _ in range(case["steps"]):
        dense = np.log1p(rng.exponential(3, (case["batch"], len(direction)))).astype(np.float32)
        ids = np.stack([np.minimum(rng.zipf(1.2, case["batch"]) - 1, n - 1) for n in case["rows"]], 1)
        score = (dense - 1) @ direction * 0.3 + sum(e[ids[:, t]] for t, e in enumerate(effects)) * 0.5 - 1
        labels = rng.uniform(0, 1, case["batch"]) < 1 / (1 + np.exp(-score))
        made.append((dense, ids.astype(np.int32), labels.astype(np.float32)))
    return made


class Model:
    def __init__(self, case, arrays, dtype):
        self.case, self.dtype = case, dtype
        self.parameters = {n: torch.tensor(a, dtype=dtype, requires_grad=True) for n, a in arrays.items()}
        features = len(case["rows"]) + 1
        self.pairs = torch.tril_indices(features, features, 0 if case["interactionItself"] else -1)

    def names(self, tables):
        return [name for name in self.parameters if name.startswith("emb_l") == tables]

    def vector(self, table, ids):
        """One table's vectors, with sparse gradients as EmbeddingBag gives them."""
        scheme, p, name = self.case["schemes"][table], self.parameters, f"emb_l.{table}.weight"
        look = lambda rows, weight: F.embedding(rows, weight, sparse=True)
        if scheme["kind"] == "qr":
            c = scheme["divisor"]
            return look(torch.div(ids, c, rounding_mode="floor"), p[name + "_q"]) * look(ids % c, p[name + "_r"])
        return look(ids % scheme["rows"] if scheme["kind"] == "hash" else ids, p[name])

    def mlp(self, prefix, x, layers, last_relu):
        for i in range(layers):
            x = F.linear(x, self.parameters[f"{prefix}.{2 * i}.weight"], self.parameters[f"{prefix}.{2 * i}.bias"])
            if last_relu or i < layers - 1:
                x = torch.relu(x)
        return x

    def logits(self, dense, ids):
        case = self.case
        x = self.mlp("bot_l", torch.tensor(dense, dtype=self.dtype), len(case["bottom"]) - 1, True)
        columns = torch.tensor(ids, dtype=torch.int64)
        vectors = torch.stack([x] + [self.vector(t, columns[:, t]) for t in range(len(case["rows"]))], 1)
        if case["interaction"] == "dot":
            products = torch.bmm(vectors, vectors.transpose(1, 2))
            r = torch.cat([x, products[:, self.pairs[0], self.pairs[1]]], 1)
        else:
            r = x0 = vectors.flatten(1)
            if case["interaction"] == "dcn":
                for i in range(case["crossLayers"]):
                    w, v = self.parameters[f"crossnet.W_kernels.{i}"], self.parameters[f"crossnet.V_kernels.{i}"]
                    r = x0 * F.linear(F.linear(r, v), w, self.parameters[f"crossnet.bias.{i}"]) + r
        return self.mlp("top_l", r, len(case["topWidths"]) - 1, False).squeeze(1)

    def backward(self, batch):
        dense, ids, labels = batch
        for parameter in self.parameters.values():
            parameter.grad = None
        logits = self.logits(dense, ids)
        loss = F.binary_cross_entropy_with_logits(logits, torch.tensor(labels, dtype=self.dtype))
        loss.backward()
        return logits.detach(), loss.item()

    def arrays(self):
        return {name: p.detach().numpy() for name, p in self.parameters.items()}


class RowWiseAdagrad:
    """FBGEMM's rule: one sum of mean squares per row."""

    def __init__(self, parameters, lr, epsilon):
        self.parameters, self.lr, self.epsilon = list(parameters), lr, epsilon
        self.sums = [torch.zeros(p.shape[0], dtype=p.dtype) for p in self.parameters]

    def step(self):
        with torch.no_grad():
            for p, total in zip(self.parameters, self.sums):
                gradient = p.grad.coalesce()
                rows, values = gradient.indices()[0], gradient.values()
                total[rows] += (values * values).mean(1)
                p[rows] -= self.lr * values / (total[rows].sqrt() + self.epsilon).unsqueeze(1)


def optimizers(model, kind, lr):
    dense = [model.parameters[name] for name in model.names(False)]
    tables = [model.parameters[name] for name in model.names(True)]
    if kind == "sgd":
        return [torch.optim.SGD(dense + tables, lr=lr)]
    if kind == "adagrad":
        return [torch.optim.Adagrad(dense + tables, lr=lr, eps=1e-10)]
    if kind == "rowwise-adagrad":
        return [torch.optim.Adagrad(dense, lr=lr, eps=1e-10), RowWiseAdagrad(tables, lr, 1e-10)]
    return [torch.optim.Adam(dense, lr=lr, eps=1e-8), torch.optim.SparseAdam(tables, lr=lr, eps=1e-8)]


def warm_up(model, kind, opts):
    """Sets optimiser states to what parity.ts sets: from zero, Adagrad and Adam take the sign of each gradient, rounding
    errors of zero gradients included, and no two programs agree on that."""
    for opt in opts:
        if isinstance(opt, RowWiseAdagrad):
            for total in opt.sums:
                total.fill_(0.01)
            continue
        for group in opt.param_groups:
            for p in group["params"]:
                if isinstance(opt, torch.optim.Adagrad):
                    opt.state[p]["sum"].fill_(0.01)
                elif kind == "adam":
                    step = WARM_STEPS if isinstance(opt, torch.optim.SparseAdam) else torch.tensor(float(WARM_STEPS))
                    opt.state[p] = {
                        "step": step,
                        "exp_avg": torch.full_like(p, 0.001),
                        "exp_avg_sq": torch.full_like(p, 0.0001),
                    }


def main(case_path, out):
    torch.set_num_threads(1)
    with open(case_path) as file:
        case = json.load(file)
    rng = np.random.default_rng(case["seed"])
    arrays, data = initial(case, rng), batches(case, rng)
    inputs = dict(arrays)
    for i, (dense, ids, labels) in enumerate(data):
        inputs.update({f"dense.{i}": dense, f"ids.{i}": ids, f"labels.{i}": labels})
    save(f"{out}/inputs.safetensors", inputs)

    model = Model(case, arrays, torch.float32)
    logits, _ = model.backward(data[0])
    one = {"logits": logits.numpy()}
    for name, p in model.parameters.items():
        one[f"gradient.{name}"] = p.grad.to_dense().numpy() if p.grad.is_sparse else p.grad.numpy()
    for kind, lr in case["rates"].items():
        model = Model(case, arrays, torch.float32)
        opts = optimizers(model, kind, lr)
        warm_up(model, kind, opts)
        model.backward(data[0])
        for opt in opts:
            opt.step()
        one.update({f"{kind}.{name}": a for name, a in model.arrays().items()})
    save(f"{out}/one_step.safetensors", one)

    runs = {}
    for kind in case["runs"]:
        for precision, dtype in (("float32", torch.float32), ("float64", torch.float64)):
            model = Model(case, arrays, dtype)
            opts = optimizers(model, kind, case["rates"][kind])
            losses = []
            for batch in data:
                losses.append(model.backward(batch)[1])
                for opt in opts:
                    opt.step()
            runs[f"{precision}.{kind}.losses"] = np.array(losses)
            runs.update({f"{precision}.{kind}.{name}": a for name, a in model.arrays().items()})
    save(f"{out}/runs.safetensors", runs)
    print(torch.__version__)


main(*sys.argv[1:])
