/** The table of errors of the package's README, row by row; those of ids are in ids_test.ts, of files in save_test.ts. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type AnyDevice, DeviceLostError, openCpuDevice, openWebGpuDevice } from "@pocketrec/compute";
import { INSTALL_HINTS, openTestDevice, testOnEachDevice, testWith } from "@pocketrec/compute/testing";
import { ConfigError, IdOutOfRangeError, LimitError } from "../errors.ts";
import { DEVICES as devices, makeArray, QUICK_DEVICES } from "./_test_array.ts";
import type { RobeArrayOptions } from "./options.ts";
import { RobeArray } from "./robe_array.ts";
import type { RobeTableOptions } from "./robe_table.ts";

const table: RobeTableOptions = { name: "user", numEmbeddings: 100, dim: 16 };

async function withArray(
  options: Partial<RobeArrayOptions>,
  body: (robe: RobeArray, warnings: string[]) => void | Promise<void>,
): Promise<void> {
  const warnings: string[] = [];
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, { onWarning: (warning) => warnings.push(warning), ...options });
  await body(robe, warnings);
}

testOnEachDevice("an id beyond a strict table: IdOutOfRangeError, before any work", async (device) => {
  using robe = await makeArray(device);
  const user = robe.addTable(table);
  const error = assertThrows(() => user.forward([0, 100]), IdOutOfRangeError, "id 100 at position 1");
  assertEquals([error.table, error.position, error.id], ["user", 1, 100]);
  assertEquals(robe.stats().lookups, 0);
}, { devices });

Deno.test("an id beyond an open table: looked up and counted", async () => {
  await withArray({}, async (robe) => {
    const user = robe.addTable({ ...table, bounds: "open" });
    using out = user.forward([0, 100]);
    assert((await out.read()).subarray(16).some((value) => value !== 0));
    assertEquals(robe.stats().outOfRange, 1);
  });
});

Deno.test("negative, NaN and fractional ids, floats: TypeError", async () => {
  await withArray({}, (robe) => {
    const user = robe.addTable(table);
    for (const ids of [[-1], [NaN], [0.5], Int32Array.of(-1), Float32Array.of(1)]) {
      assertThrows(() => user.forward(ids as number[]), TypeError, "want");
    }
  });
});

Deno.test("an id beyond 2^32 - 1 as a number: RangeError that suggests BigUint64Array", async () => {
  await withArray({}, (robe) => {
    assertThrows(() => robe.addTable(table).forward([2 ** 32]), RangeError, "BigUint64Array");
  });
});

Deno.test("offsets that do not start at 0, decrease or reach beyond the ids: RangeError with index", async () => {
  await withArray({}, (robe) => {
    const user = robe.addTable(table);
    const wrong: [number[], string][] = [
      [[1, 2], "offset 1 at index 0"],
      [[0, 2, 1], "offset 1 at index 2"],
      [[0, 4], "offset 4 at index 1"],
      [[0, 0.5], "offset 0.5 at index 1"],
      [[0, NaN], "offset NaN at index 1"],
      [[], "want offsets that start with 0"],
    ];
    for (const [offsets, text] of wrong) assertThrows(() => user.forward([1, 2, 3], offsets), RangeError, text);
    user.forward([1, 2, 3], [0, 3])[Symbol.dispose](); // an empty last bag
    user.forward([], [])[Symbol.dispose]();
    assertThrows(() => user.forward([1, 2, 3], undefined, { bagSize: 2 }), RangeError, "bags of 2");
    assertThrows(() => user.forward([1, 2], [0], { bagSize: 2 }), TypeError, "offsets and bagSize");
  });
});

Deno.test("Z and dim of which neither divides the other: allowed, with a warning", async () => {
  await withArray({ blockSize: 16 }, async (robe, warnings) => {
    robe.addTable({ ...table, dim: 40 });
    assertEquals(warnings.length, 1);
    assert(warnings[0]!.includes("the last block of a row has 8 elements"), warnings[0]);
    assertEquals((await robe.row("user", 3)).length, 40);
    robe.addTable({ ...table, name: "small", dim: 12 });
    assert(warnings[1]!.includes("4 elements of each block stay unused"), warnings[1]);
    robe.addTable({ ...table, name: "fine", dim: 8 });
    assertEquals(warnings.length, 2);
  });
});

Deno.test("align that does not divide Z or M, M below Z: ConfigError", async () => {
  const make = (options: Partial<RobeArrayOptions>) => withArray(options, () => {});
  await assertRejects(() => make({ align: 4, blockSize: 6 }), ConfigError, "blockSize 6 and align 4");
  await assertRejects(() => make({ align: 4, size: { floats: 1001 } }), ConfigError, "1001 elements with align 4");
  await assertRejects(() => make({ blockSize: 32, size: { floats: 16 } }), ConfigError, "blockSize 32");
  await assertRejects(() => make({ blockSize: 32, size: { bytes: 100 } }), ConfigError, "want at least 128");
  await assertRejects(() => make({ size: { compressionRatio: -1 } }), ConfigError);
});

Deno.test("an array below 4 dim: a warning with the expected overlap of a row with itself", async () => {
  await withArray({ size: { floats: 100 }, blockSize: 4 }, (robe, warnings) => {
    robe.addTable({ ...table, dim: 32 });
    assertEquals(warnings, []); // a ratio could still change with more tables
    robe.build();
    // (32 / 4)^2 * 4 / (2 * 100)
    assert(warnings.length === 1 && warnings[0]!.includes("1.3 times"), warnings.join());
  });
});

/** Calls `body` with a device whose limit no test is near to otherwise: on the CPU one of 64 MiB. */
async function withLimit(device: AnyDevice, body: (device: AnyDevice) => Promise<void>): Promise<void> {
  using small = device.kind === "cpu" ? openCpuDevice({ threads: 1, maxBytes: 2 ** 26 }) : undefined;
  await body(small ?? device);
}

testOnEachDevice("an array beyond the device's limit: LimitError with three ways out", (device) => {
  return withLimit(device, async (device) => {
    const floats = Math.floor(device.maxTensorBytes / 4 / 8) * 8 + 8;
    using robe = await makeArray(device, { size: { floats } });
    robe.addTable(table);
    const error = assertThrows(() => robe.build(), LimitError, `${floats * 4} bytes`);
    const larger = device.kind === "webgpu" ? "requiredLimits" : "maxBytes";
    for (const text of [`${device.maxTensorBytes}`, larger, "f16", "a smaller array"]) {
      assert(error.message.includes(text), `${error.message} lacks ${text}`);
    }
  });
}, { devices });

testOnEachDevice("growth beyond the device's limit: LimitError, the array untouched", (device) => {
  return withLimit(device, async (device) => {
    using robe = await makeArray(device);
    robe.addTable(table);
    const before = await robe.row("user", 1);
    await assertRejects(() => robe.growArray(Math.ceil((device.maxTensorBytes + 1) / 2560)), LimitError);
    assertEquals([robe.layout.size, await robe.row("user", 1)], [640, before]);
  });
}, { devices });

Deno.test("perSampleWeights with mean, of another type or length: TypeError", async () => {
  await withArray({}, (robe) => {
    const mean = robe.addTable({ ...table, mode: "mean" }), sum = robe.addTable({ ...table, name: "sum" });
    const options = { perSampleWeights: Float32Array.of(1) };
    assertThrows(() => mean.forward([1], undefined, options), TypeError, 'mode "mean"');
    assertThrows(() => sum.forward([1, 2], undefined, options), TypeError, "2 ids");
    const doubles = Float64Array.of(1) as unknown as Float32Array;
    assertThrows(() => sum.forward([1], undefined, { perSampleWeights: doubles }), TypeError, "Float32Array");
  });
});

Deno.test("a table's name twice, options out of range, no table: ConfigError", async () => {
  await withArray({}, (robe) => {
    assertThrows(() => robe.build(), ConfigError, "without tables");
    robe.addTable(table);
    assertThrows(() => robe.addTable(table), ConfigError, '"user"');
    const wrong: Partial<RobeTableOptions>[] = [
      { numEmbeddings: 0 },
      { numEmbeddings: 1.5 },
      { numEmbeddings: 2 ** 53 },
      { dim: 0 },
      { mode: "max" as "sum" },
      { bounds: "none" as "open" },
      { paddingIdx: 100 },
      { paddingIdx: -1 },
      { scale: 0 },
      { scale: NaN },
      { index: 0 },
      { index: -1 },
    ];
    for (const options of wrong) {
      const [[key, value]] = Object.entries(options) as [[string, unknown]];
      assertThrows(
        () => robe.addTable({ ...table, name: "new", ...options }),
        ConfigError,
        `${key} ${typeof value === "string" ? `"${value}"` : value}`,
      );
    }
    assertEquals([...robe.tables.keys()], ["user"]);
    assertThrows(() => robe.forward({ other: { indices: [1] } }), TypeError, 'want "user"');
  });
});

Deno.test("ref1 and ref2 number ids through all tables: addTable and grow after the first use: ConfigError", async () => {
  for (const hash of ["ref1", "ref2"] as const) {
    await withArray({ hash }, (robe) => {
      const first = robe.addTable(table);
      const second = robe.addTable({ ...table, name: "second" });
      assertEquals(second.starts([0]), robe.starts("second", [0]));
      robe.build();
      assertThrows(() => robe.addTable({ ...table, name: "late" }), ConfigError, "after the first use");
      assertThrows(() => first.grow(200), ConfigError, "want the last table");
      second.grow(200);
      // Ids of the second table continue those of the first.
      first.grow(100);
    });
    await withArray({ hash }, (robe) => {
      const whole = robe.addTable({ ...table, numEmbeddings: 200 });
      const expected = whole.starts([100, 199]);
      return withArray({ hash }, (cut) => {
        cut.addTable(table);
        assertEquals(cut.addTable({ ...table, name: "second" }).starts([0, 99]), expected);
      });
    });
  }
});

Deno.test("an unknown device, dtype, hash or optimizer: ConfigError", async () => {
  const make = (options: Partial<RobeArrayOptions>) =>
    RobeArray.create({ device: "cpu", size: { floats: 640 }, blockSize: 8, ...options }).then((robe) => {
      using array = robe;
      array.addTable(table);
      array.build();
    });
  await assertRejects(() => make({ device: "tpu" as "cpu" }), ConfigError, "tpu");
  await assertRejects(() => make({ dtype: "f64" as "f32" }), ConfigError, "f64");
  await assertRejects(() => make({ hash: "md5" as "m31" }), ConfigError, "md5");
  await assertRejects(() => make({ dtype: "f16", optimizer: { kind: "sgd" } }), ConfigError, "f16");
  await assertRejects(() => make({ initScale: 0 }), ConfigError, "within 0");
  await assertRejects(() => make({ optimizer: { kind: "lion" as "sgd" } }), Error, "lion");
});

testOnEachDevice("a gradient of NaN or infinity with checkFinite: refused, naming slot and table", async (device) => {
  using robe = await makeArray(device, { checkFinite: true });
  robe.addTable({ ...table, dim: 8, paddingIdx: 0 });
  robe.addTable({ ...table, name: "item", dim: 8 });
  const before = await robe.weight.read();
  using out = robe.forward({ user: { indices: [5, 0] }, item: { indices: [7, 8] } });
  const item = new Float32Array(16);
  item[10] = -Infinity; // bag 1, element 2
  robe.backward(out, { user: new Float32Array(16), item });
  const slot = (robe.starts("item", [8])[0]! + 2) % 640;
  await assertRejects(
    () => robe.step(),
    RangeError,
    `-Infinity at slot ${slot} (table "item", bag 1, element 2, id 8)`,
  );
  assertEquals(await robe.weight.read(), before);
  assertEquals(robe.stats().steps, 0);
  // What reaches no slot does not count, and the refused gradient is gone.
  await robe.update(out, { user: new Float32Array(16).fill(NaN, 8), item: new Float32Array(16) });
  assertEquals(robe.stats().steps, 1);
}, { devices: QUICK_DEVICES });

Deno.test("backward and step out of order, without optimizer, with wrong gradients: TypeError", async () => {
  await withArray({}, async (robe) => {
    robe.addTable(table);
    robe.addTable({ ...table, name: "item" });
    await assertRejects(() => robe.step(), TypeError, "before backward");
    using out = robe.forward({ user: { indices: [1] }, item: { indices: [2] } });
    const gradient = new Float32Array(16);
    assertThrows(() => robe.backward(out, gradient), TypeError, "2 tables");
    assertThrows(() => robe.backward(out, { user: gradient }), TypeError, '"item"');
    const three = { user: gradient, item: gradient, other: gradient };
    assertThrows(() => robe.backward(out, three), TypeError, '"other"');
    assertThrows(() => robe.backward(out, { user: gradient, item: gradient.subarray(1) }), TypeError, "15 elements");
    const gone = robe.table("user").forward([1]);
    gone[Symbol.dispose]();
    assertThrows(() => robe.backward(gone, gradient), TypeError, "disposed");
    await assertRejects(() => gone.read(), TypeError, "disposed");
    await assertRejects(() => out.read(), TypeError, "without a name");
  });
  await withArray({ optimizer: null }, (robe) => {
    using out = robe.addTable(table).forward([1]);
    assertThrows(() => robe.backward(out, new Float32Array(16)), TypeError, "want an optimizer");
  });
  await withArray({ optimizer: { kind: "sgd" } }, async (robe) => {
    using out = robe.addTable(table).forward([1]);
    robe.backward(out, new Float32Array(16));
    await assertRejects(() => robe.step(), TypeError, "learning rate");
    await robe.step(0.1);
  });
});

Deno.test("a disposed array: TypeError", async () => {
  using device = openCpuDevice({ threads: 1 });
  const robe = await makeArray(device);
  const user = robe.addTable(table);
  robe[Symbol.dispose]();
  robe[Symbol.dispose]();
  assertThrows(() => user.forward([1]), TypeError, "it was disposed");
});

const probe = await openTestDevice("webgpu");
testWith(
  { name: "webgpu", present: probe !== undefined, hint: INSTALL_HINTS.webgpu },
  "a device that is lost: everything rejects, the last save remains",
  async () => {
    const device = (await openWebGpuDevice({ limits: "default" }))!;
    const gpu = device.gpu;
    using robe = await RobeArray.create({
      device: gpu, // a GPUDevice of the host
      size: { floats: 640 },
      blockSize: 8,
      optimizer: { kind: "sgd", lr: 1 },
    });
    const user = robe.addTable(table);
    const row = await user.row(7);
    await robe.save();
    const out = user.forward([7]);
    robe.backward(out, new Float32Array(16).fill(1));
    gpu.destroy();
    await gpu.lost;
    await assertRejects(() => robe.step(), DeviceLostError, "want RobeArray.load(lastSave)");
    assertEquals(robe.valid, false);
    await assertRejects(() => robe.save(), DeviceLostError);
    assertThrows(() => user.forward([7]), DeviceLostError);
    await assertRejects(() => out.read(), DeviceLostError);
    using again = await RobeArray.load(robe.lastSave!, { device: "cpu" });
    assertEquals(await again.row("user", 7), row);
  },
);
probe?.[Symbol.dispose]();
