import type { WebGpuDevice } from "@pocketrec/compute";
import type { UpdatePlan } from "./update_plan.ts";
export function robeUpdateWebGpu(_d: WebGpuDevice, _p: UpdatePlan): void { throw new Error("x"); }
