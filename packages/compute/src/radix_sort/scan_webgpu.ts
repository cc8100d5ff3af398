import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { ADD_WORKGROUP, addTileSums, SCAN_TILE, scanTiles } from "./scan.wgsl.ts";

/**
 * Replaces the first `n` elements of a u32 tensor by the sums of the elements before each, modulo 2^32. Levels of tiles:
 * scan tiles, scan the tiles' sums, add them.
 *
 * @param level levels above this one; only the recursion passes it
 */
export function exclusiveScan(device: WebGpuDevice, data: Tensor, n: number, level = 0): void {
  if (n === 0) return;
  const tiles = Math.ceil(n / SCAN_TILE);
  const sums = device.workspace(`scan.sums${level}`, "u32", tiles);
  device.dispatch(scanTiles, [n], [data, sums], spreadWorkgroups(tiles));
  if (tiles === 1) return;
  exclusiveScan(device, sums, tiles, level + 1);
  device.dispatch(addTileSums, [n], [data, sums], spreadWorkgroups(Math.ceil(n / ADD_WORKGROUP)));
}
