import type { CpuModule } from "../cpu/cpu_device.ts";
import { elementwiseWasm } from "./elementwise_wasm.ts";

/** CPU kernels of this folder. */
export const ELEMENTWISE_MODULE: CpuModule = { label: "compute/elementwise", base64: elementwiseWasm };
