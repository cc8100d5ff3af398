"""PyTorch's and ONNX Runtime's side of the DLRM bench: the model of facebookresearch/dlrm, uniform ids.

A case is a JSON object: engine ("torch" or "onnx"), mode ("train" or "forward"), rows, dim, bottom, top, batch,
batches (how many the run rotates through), threads.
"""

import itertools
import sys

from peer import serve

try:
    import numpy as np
    import torch
except ImportError:
    sys.exit(f"bench:dlrm: {sys.executable} has no torch and numpy")
try:
    import onnx
    import onnxruntime
except ImportError:
    onnx = onnxruntime = None


class Dlrm(torch.nn.Module):
    """As dlrm_s_pytorch.py: one EmbeddingBag per table with sparse gradients, bmm, lower triangle by index."""

    def __init__(self, rows, dim, bottom, top):
        super().__init__()
        self.tables = torch.nn.ModuleList()
        for n in rows:
            table = torch.nn.EmbeddingBag(n, dim, mode="sum", sparse=True)
            torch.nn.init.uniform_(table.weight, -(n**-0.5), n**-0.5)
            self.tables.append(table)
        features = len(rows) + 1
        self.bottom = self.mlp(bottom, last_relu=True)
        self.top = self.mlp([dim + features * (features - 1) // 2, *top], last_relu=False)
        self.rows = torch.tensor([i for i in range(features) for _ in range(i)])
        self.columns = torch.tensor([j for i in range(features) for j in range(i)])

    @staticmethod
    def mlp(widths, last_relu):
        layers = []
        for i, (n, m) in enumerate(zip(widths, widths[1:])):
            layers.append(torch.nn.Linear(n, m))
            if last_relu or i < len(widths) - 2:
                layers.append(torch.nn.ReLU())
        return torch.nn.Sequential(*layers)

    def forward(self, dense, ids, offsets):
        x = self.bottom(dense)
        vectors = torch.stack([x] + [table(i, offsets) for table, i in zip(self.tables, ids)], dim=1)
        products = torch.bmm(vectors, vectors.transpose(1, 2))[:, self.rows, self.columns]
        return self.top(torch.cat([x, products], dim=1)).squeeze(1)


models = {}


def model_of(spec):
    key = str([spec[k] for k in ("rows", "dim", "bottom", "top")])
    if key not in models:
        models.clear()  # one set of tables at a time: they are large
        torch.manual_seed(1)
        models[key] = Dlrm(spec["rows"], spec["dim"], spec["bottom"], spec["top"])
    return models[key]


def batches_of(spec):
    batch = spec["batch"]
    for _ in range(spec["batches"]):
        ids = torch.stack([torch.randint(0, n, (batch,)) for n in spec["rows"]])
        yield torch.rand(batch, spec["bottom"][0]), ids, torch.randint(0, 2, (batch,)).float()


def torch_case(spec):
    model, batches = model_of(spec), itertools.cycle(list(batches_of(spec)))
    offsets = torch.arange(spec["batch"])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    loss = torch.nn.BCEWithLogitsLoss()

    def train():
        dense, ids, labels = next(batches)
        optimizer.zero_grad(set_to_none=True)
        loss(model(dense, ids, offsets), labels).backward()
        optimizer.step()

    def forward():
        dense, ids, _ = next(batches)
        with torch.no_grad():
            torch.sigmoid(model(dense, ids, offsets))

    def run():
        if torch.get_num_threads() != spec["threads"]:
            torch.set_num_threads(spec["threads"])
        (train if spec["mode"] == "train" else forward)()

    return run


def onnx_case(spec):
    """The same graph for ONNX Runtime. Tables are inputs bound once, without a copy: an ONNX file holds 2 GB at most."""
    model, features = model_of(spec), len(spec["rows"]) + 1
    helper, float32, int64 = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    nodes, weights = [], []

    def constant(name, array):
        weights.append(onnx.numpy_helper.from_array(array, name))
        return name

    def mlp(layers, value, prefix):
        linear = [layer for layer in layers if isinstance(layer, torch.nn.Linear)]
        for i, layer in enumerate(linear):
            w = constant(f"{prefix}{i}.w", layer.weight.detach().numpy())
            b = constant(f"{prefix}{i}.b", layer.bias.detach().numpy())
            nodes.append(helper.make_node("Gemm", [value, w, b], [f"{prefix}{i}"], transB=1))
            value = f"{prefix}{i}"
            if prefix == "bottom" or i < len(linear) - 1:
                nodes.append(helper.make_node("Relu", [value], [f"{value}.relu"]))
                value = f"{value}.relu"
        return value

    x = mlp(model.bottom, "dense", "bottom")
    nodes.append(helper.make_node("Unsqueeze", [x, constant("axis1", np.array([1]))], ["x3"]))
    tables = [f"table{i}" for i in range(features - 1)]
    nodes.append(helper.make_node("Split", ["ids"], [f"ids{i}" for i in range(features - 1)], axis=1))
    for i, table in enumerate(tables):
        nodes.append(helper.make_node("Gather", [table, f"ids{i}"], [f"e{i}"], axis=0))
    nodes.append(helper.make_node("Concat", ["x3"] + [f"e{i}" for i in range(features - 1)], ["v"], axis=1))
    nodes.append(helper.make_node("Transpose", ["v"], ["vt"], perm=[0, 2, 1]))
    nodes.append(helper.make_node("MatMul", ["v", "vt"], ["z3"]))
    nodes.append(helper.make_node("Reshape", ["z3", constant("flat", np.array([-1, features * features]))], ["z"]))
    triangle = np.array([i * features + j for i in range(features) for j in range(i)])
    nodes.append(helper.make_node("Gather", ["z", constant("triangle", triangle)], ["pairs"], axis=1))
    nodes.append(helper.make_node("Concat", [x, "pairs"], ["r"], axis=1))
    nodes.append(helper.make_node("Sigmoid", [mlp(model.top, "r", "top")], ["prob"]))
    graph = helper.make_graph(
        nodes,
        "dlrm",
        [
            helper.make_tensor_value_info("dense", float32, ["n", spec["bottom"][0]]),
            helper.make_tensor_value_info("ids", int64, ["n", features - 1]),
            *(helper.make_tensor_value_info(t, float32, [n, spec["dim"]]) for t, n in zip(tables, spec["rows"])),
        ],
        [helper.make_tensor_value_info("prob", float32, ["n", 1])],
        weights,
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = spec["threads"]
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for table, bag in zip(tables, model.tables):
        binding.bind_ortvalue_input(table, onnxruntime.OrtValue.ortvalue_from_numpy(bag.weight.detach().numpy()))
    binding.bind_output("prob")
    batches = [(d.numpy(), np.ascontiguousarray(i.numpy().T)) for d, i, _ in batches_of(spec)]
    dense, ids = batches[0]
    binding.bind_cpu_input("dense", dense)
    binding.bind_cpu_input("ids", ids)
    session.run_with_iobinding(binding)
    with torch.no_grad():
        want = torch.sigmoid(model(torch.tensor(dense), torch.tensor(ids.T.copy()), torch.arange(len(dense)))).numpy()
    error = np.abs(binding.copy_outputs_to_cpu()[0][:, 0] - want).max()
    if not error < 1e-5:
        raise ValueError(f"ONNX graph differs from PyTorch by {error}")
    cycle = itertools.cycle(batches)

    def run():
        dense, ids = next(cycle)
        binding.bind_cpu_input("dense", dense)
        binding.bind_cpu_input("ids", ids)
        session.run_with_iobinding(binding)

    return run


def prepare(spec):
    if spec["engine"] == "onnx":
        if onnxruntime is None:
            raise ImportError("no onnx and onnxruntime")
        return onnx_case(spec)
    return torch_case(spec)


version = torch.__version__ + (f", ONNX Runtime {onnxruntime.__version__}" if onnxruntime else "")
serve("PyTorch", version, prepare)
