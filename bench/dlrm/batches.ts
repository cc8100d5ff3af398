import { philox4x32 } from "@pocketrec/compute";
import type { DlrmConfig, TrainingBatch } from "@pocketrec/dlrm-model";

/** Seeded batches with uniform ids, the worst case for caches. */
export function makeBatches(config: DlrmConfig, size: number, count: number): TrainingBatch[] {
  let drawn = 0;
  const uniform = () => philox4x32([drawn++, 0, 0, 0], [7, 0])[0] / 2 ** 32;
  const { denseFeatures, tables } = config;
  return Array.from({ length: count }, () => ({
    dense: Float32Array.from({ length: size * denseFeatures }, uniform),
    ids: Uint32Array.from({ length: size * tables.length }, (_, i) => uniform() * tables[i % tables.length]!.rows),
    labels: Float32Array.from({ length: size }, () => Math.round(uniform())),
  }));
}
