/**
 * Speed of the operators of `@pocketrec/compute`, on the CPU against PyTorch: `deno task bench:compute`. The cases are
 * in the files beside this one; `case.ts` has their contract.
 *
 * @module
 */
import { type AnyDevice, type CpuDevice, openCpuDevice, openWebGpuDevice } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";
import { type PeerProcess, runBench, startPythonPeer } from "../harness.ts";
import type { ComputeCases, ComputeContext } from "./case.ts";

const INFRASTRUCTURE = new Set(["case.ts", "main.ts"]);

async function loadCases(): Promise<ComputeCases[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (name.endsWith(".ts") && !name.endsWith("_test.ts") && !INFRASTRUCTURE.has(name)) files.push(name);
  }
  const modules = await Promise.all(files.sort().map((name) => import(new URL(name, import.meta.url).href)));
  return modules.map((module) => module.cases as ComputeCases);
}

function openCpuDevices(): CpuDevice[] {
  const setEnvironment = (name: string, value: string) => Deno.env.has(name) || Deno.env.set(name, value);
  const blas = findBlas({ setEnvironment });
  const devices: CpuDevice[] = [];
  for (const threads of new Set([1, navigator.hardwareConcurrency])) {
    devices.push(openCpuDevice({ threads }));
    if (blas) devices.push(openCpuDevice({ threads, blas }));
  }
  return devices;
}

function describe(device: AnyDevice): string {
  if (device.kind === "webgpu") return device.label;
  return `${device.threads} thread${device.threads > 1 ? "s" : ""}, ${device.blas ? "blas" : "wasm"}`;
}

await runBench("compute", async (bench) => {
  const cpuDevices = openCpuDevices();
  const gpu = await openWebGpuDevice({ allowFallback: false });
  const blas = cpuDevices.find((device) => device.blas)?.blas;
  await using peer: PeerProcess | undefined = await startPythonPeer(new URL("./torch_peer.py", import.meta.url));
  Object.assign(bench.machine.versions, {
    blas: blas?.name ?? "none",
    gpu: gpu?.label ?? "none",
    peer: peer?.name ?? "none (install python3-torch, or name a Python that has torch in POCKETREC_PYTHON)",
  });
  const context: ComputeContext = {
    cpuDevices,
    gpu,
    quick: bench.options.quick,
    wants: (text) => bench.wants(text),
    describe,
    torch: (specs) => peer ? specs.map((spec) => peer.subject(spec)) : [],
  };
  for (const cases of await loadCases()) {
    for await (const comparison of cases(context)) {
      await bench.compare(comparison);
      await peer?.forget();
    }
  }
  for (const device of cpuDevices) device[Symbol.dispose]();
  gpu?.[Symbol.dispose]();
});
