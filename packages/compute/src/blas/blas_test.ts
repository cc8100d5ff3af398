import { assert, assertEquals } from "@std/assert";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { gemm } from "../gemm/gemm.ts";
import { assertAllClose, assertSameBits, INSTALL_HINTS, TestRandom, testWith } from "../testing/mod.ts";
import { findBlas, openBlasCoreType } from "./mod.ts";

const skylake = ["fma", "avx2", "avx512f", "avx512dq", "avx512bw", "avx512vl"];

Deno.test("openBlasCoreType() names the best kernels that the flags allow", () => {
  assertEquals(openBlasCoreType(new Set(skylake)), "SkylakeX");
  assertEquals(openBlasCoreType(new Set(skylake.filter((flag) => flag !== "avx512vl"))), "Haswell");
  assertEquals(openBlasCoreType(new Set(["avx2"])), undefined);
  assertEquals(openBlasCoreType(new Set()), undefined);
});

Deno.test("findBlas() passes over what is absent or is no BLAS", () => {
  assertEquals(findBlas({ paths: [] }), undefined);
  assertEquals(findBlas({ paths: ["/no/such/libopenblas.so", "libm.so.6"] }), undefined);
});

Deno.test("findBlas() gives undefined without the permission", async () => {
  const program = `import { findBlas } from ${JSON.stringify(new URL("./mod.ts", import.meta.url))};\n` +
    `console.log(findBlas({ setEnvironment: () => {} }));`;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, program);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-config", "--quiet", `${folder}/main.ts`],
    }).output();
    assertEquals([code, new TextDecoder().decode(stdout).trim()], [0, "undefined"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

const blas = findBlas();
const requirement = { name: "blas", present: blas !== undefined, hint: INSTALL_HINTS.blas };

testWith(requirement, "findBlas() tells name and version, which the device repeats", () => {
  assert(blas!.name.length > 0);
  using device = openCpuDevice({ threads: 1, blas: blas! });
  assertEquals(device.label, `cpu (1 thread, ${blas!.name})`);
});

testWith(
  requirement,
  "findBlas() sets a core type only through the caller, and only where the CPU's flags are known",
  () => {
    const set: [string, string][] = [];
    findBlas({ setEnvironment: (name, value) => set.push([name, value]) });
    assert(
      set.every(([name, value]) => name === "OPENBLAS_CORETYPE" && ["SkylakeX", "Haswell"].includes(value)),
      `${set}`,
    );
  },
);

for (const path of ["libdnnl.so.3", "libdnnl.so.2", "libopenblas.so.0", "libmkl_rt.so.2", "libblis.so.4"]) {
  const library = findBlas({ paths: [path] });
  if (!library) continue;
  Deno.test(`gemm() with ${library.name} gives the same bits for one thread and two, and what WebAssembly gives`, async () => {
    const [m, n, k] = [700, 300, 150];
    const random = new TestRandom(3);
    const a = random.f32(m * k), b = random.f32(k * n), bias = random.f32(n);
    const products: Float32Array[] = [];
    for (const options of [{ threads: 1 }, { threads: 1, blas: library }, { threads: 2, blas: library }]) {
      using device = openCpuDevice(options);
      using out = device.tensor("f32", [m, n]);
      gemm(
        device.tensor("f32", [k, m], { data: a }),
        device.tensor("f32", [n, k], { data: b }),
        out,
        { transposeA: true, transposeB: true, bias: device.tensor("f32", [n], { data: bias }), activation: "relu" },
      );
      products.push(await out.read() as Float32Array);
    }
    assertAllClose("out", products[1]!, products[0]!, { atol: 1e-5 });
    assertSameBits("out", products[2]!, products[1]!);
  });
}
