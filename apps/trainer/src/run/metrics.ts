/**
 * Exact metrics of predictions, from `dlrm-model`.
 *
 * @module
 */
import { type ClickMetrics, ClickMetricsAccumulator } from "@pocketrec/dlrm-model";

/** AUC, log loss, accuracy and calibration of probabilities. */
export function clickMetrics(scores: Float32Array, labels: Float32Array): ClickMetrics {
  const metrics = new ClickMetricsAccumulator();
  metrics.add(scores, labels);
  return metrics.result();
}
