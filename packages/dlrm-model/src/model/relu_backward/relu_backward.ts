import {
  addressOf,
  anyDevice,
  type CpuModule,
  spreadWorkgroups,
  type Tensor,
  type WgslKernel,
} from "@pocketrec/compute";
import { reluBackwardWasm } from "./relu_backward_wasm.ts";

const MODULE: CpuModule = { label: "dlrm-model/relu_backward", base64: reluBackwardWasm };
const ELEMENTS_PER_TASK = 16_384;
const THREADS = 256;

/**
 * Sets `gradient` to zero where the ReLU's `output` is not above zero. Inside an MLP this is fused into the product that
 * brings the gradient; here the gradient comes from an interaction.
 *
 * @param gradient f32, changed in place
 * @param output f32, as many elements
 */
export function reluBackward(gradient: Tensor, output: Tensor): void {
  const device = anyDevice(gradient.device), { size } = gradient;
  switch (device.kind) {
    case "cpu":
      return device.run(device.kernel(MODULE, "reluBackward"), Math.ceil(size / ELEMENTS_PER_TASK), [
        size,
        ELEMENTS_PER_TASK,
        addressOf(gradient),
        addressOf(output),
      ]);
    case "webgpu":
      return device.dispatch(KERNEL, [size], [gradient, output], spreadWorkgroups(Math.ceil(size / THREADS)));
    default:
      device satisfies never;
  }
}

const KERNEL: WgslKernel = {
  label: "dlrm-model/relu_backward",
  parameters: ["u32"],
  buffers: ["read-write", "read"],
  code: /* wgsl */ `
struct Parameters { size: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read> output: array<f32>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (i < p.size && !(output[i] > 0.0)) { gradient[i] = 0.0; }
}
`,
};
