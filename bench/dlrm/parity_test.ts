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
    const { rows } = await checkParity(python!, short, { seeds: [1, 2, 3], drift: ({ kind }) => kind === "cpu" });
    // 6 comparisons for each case on each device, and 4 drifts; the CPU is always there.
    assert(rows.length >= 3 * 6 + 4, `${rows.length} comparisons`);
    assertEquals(rows.filter(({ value, limit }) => !(value <= limit)), []);
  },
);
