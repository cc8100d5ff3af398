/** `bceWithLogits` in float64: the sum of the losses, and its gradient by the logits (scale 1). */
export function bceReference(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classWeights: readonly [number, number] = [1, 1],
): { loss: number; grad: Float64Array } {
  let loss = 0;
  const grad = new Float64Array(logits.length);
  for (let i = 0; i < logits.length; i++) {
    const s = logits[i]!, y = labels[i]!;
    const weight = classWeights[0] + y * (classWeights[1] - classWeights[0]);
    loss += weight * (Math.max(s, 0) - s * y + Math.log1p(Math.exp(-Math.abs(s))));
    grad[i] = weight * (1 / (1 + Math.exp(-s)) - y);
  }
  return { loss, grad };
}

/** `softmaxCrossEntropy` in float64: the sum of the losses, and its gradient by the logits (scale 1). */
export function softmaxReference(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): { loss: number; grad: Float64Array } {
  let loss = 0;
  const grad = new Float64Array(logits.length);
  for (let i = 0; i < labels.length; i++) {
    const row = Array.from({ length: classes }, (_, c) => logits[i * classes + c]!);
    const top = Math.max(...row), total = row.reduce((sum, s) => sum + Math.exp(s - top), 0);
    loss += Math.log(total) + top - row[labels[i]!]!;
    row.forEach((s, c) => grad[i * classes + c] = Math.exp(s - top) / total - (c === labels[i] ? 1 : 0));
  }
  return { loss, grad };
}
