import { assert, assertEquals } from "@std/assert";
import { testWith } from "@pocketrec/compute/testing";
import { checkParity } from "./parity.ts";
import { PARITY_CASES } from "./parity_cases.ts";
import { findTorch } from "./parity_python.ts";

const python = await findTorch();

testWith(
  { name: "torch", present: python !== undefined, hint: "apt-get install -y python3-torch" },
  "Dlrm equals PyTorch: logits, gradients, updates, drift over 20 steps",
  async () => {
    const small = PARITY_CASES.filter(({ name }) => ["small", "small, dcn", "small, QR"].includes(name));
    const short = small.map((parity) => ({ ...parity, steps: Math.min(parity.steps, 20) }));
    const { rows } = await checkParity(python!, short, [1, 2, 3]);
    assert(rows.length >= 2 * (4 + 3 * 6), `${rows.length} comparisons`);
    assertEquals(rows.filter(({ value, limit }) => !(value <= limit)), []);
  },
);
