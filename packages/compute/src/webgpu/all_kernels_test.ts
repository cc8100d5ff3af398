/**
 * Every WGSL kernel of the repository, in every variant, on every implementation of WebGPU: no compiler message, a
 * pipeline within the default limits, a label of its own.
 *
 * A `x.wgsl.ts` exports its kernels as values (also in arrays, records and maps); where it exports functions that make
 * them, it exports `allKernels()` too, which returns every variant that may be used.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { DEVICE_NAMES, INSTALL_HINTS, openTestDevice, testWith } from "../testing/mod.ts";
import type { WgslKernel } from "./kernel.ts";
import type { WebGpuDevice } from "./webgpu_device.ts";

const packages = new URL("../../../", import.meta.url);

async function findSources(folder: URL): Promise<URL[]> {
  const found: URL[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const url = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, folder);
    if (entry.isDirectory) found.push(...await findSources(url));
    else if (entry.name.endsWith(".wgsl.ts")) found.push(url);
  }
  return found.sort((a, b) => a.href < b.href ? -1 : 1);
}

function isKernel(value: object): value is WgslKernel {
  return "code" in value && "label" in value && "buffers" in value;
}

function collect(value: unknown, into: Set<WgslKernel>): void {
  if (typeof value !== "object" || value === null) return;
  if (isKernel(value)) into.add(value);
  else for (const inner of value instanceof Map ? value.values() : Object.values(value)) collect(inner, into);
}

async function kernelsOf(source: URL): Promise<WgslKernel[]> {
  const exports = await import(source.href) as Record<string, unknown>;
  const found = new Set<WgslKernel>();
  for (const value of Object.values(exports)) collect(value, found);
  const makers = Object.keys(exports).filter((name) => /Kernels?$/.test(name) && typeof exports[name] === "function");
  if (makers.length > 0) {
    const all = exports["allKernels"];
    const file = source.href.slice(packages.href.length);
    assert(
      typeof all === "function",
      `${file} exports ${makers.join(", ")}: want allKernels() with every variant, too`,
    );
    collect(all(), found);
  }
  return [...found];
}

const sources = await findSources(packages);

Deno.test("every kernel is listed, has a label of its own and at most 8 storage buffers", async () => {
  const labels = new Map<string, WgslKernel>();
  for (const source of sources) {
    for (const kernel of await kernelsOf(source)) {
      assert(
        /^[a-z-]+\/[A-Za-z0-9_.-]+(\[.*\])?$/.test(kernel.label),
        `${kernel.label}: want package/operator[variant]`,
      );
      const same = labels.get(kernel.label);
      assert(!same || same.code === kernel.code, `two kernels are called ${kernel.label}`);
      labels.set(kernel.label, kernel);
      assert(kernel.buffers.length <= 8, `${kernel.label}: ${kernel.buffers.length} storage buffers, want at most 8`);
    }
  }
  assert(labels.size > 0);
});

for (const name of DEVICE_NAMES.filter((name) => name === "webgpu" || name === "dawn")) {
  const device = await openTestDevice(name) as WebGpuDevice | undefined;
  const requirement = { name, present: device !== undefined, hint: INSTALL_HINTS[name] };
  testWith(requirement, `every kernel compiles without a message [${name}]`, async (t) => {
    const { gpu } = device!;
    for (const source of sources) {
      await t.step(source.href.slice(packages.href.length), async () => {
        for (const kernel of await kernelsOf(source)) {
          gpu.pushErrorScope("validation");
          const { code, label } = kernel;
          const info = await gpu.createShaderModule({ code, label }).getCompilationInfo();
          assertEquals(info.messages.map((m) => `${label}:${m.lineNum}:${m.linePos}: ${m.message}`), []);
          assertEquals((await gpu.popErrorScope())?.message, undefined, label);
          // SwiftShader turns pipelines into machine code at once, half a minute for all: one implementation must do.
          if (name === "webgpu") device!.prepare(kernel);
        }
        await device!.finish();
      });
    }
    device![Symbol.dispose]();
  });
}
