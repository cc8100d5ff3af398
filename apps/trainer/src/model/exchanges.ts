/**
 * Several exchanges as one.
 *
 * @module
 */
import type { Exchange } from "@pocketrec/dlrm-model";

/** One exchange after the other, in the order given both ways; `undefined` of none. */
export function inTurn(exchanges: readonly Exchange[]): Exchange | undefined {
  if (exchanges.length <= 1) return exchanges[0];
  const each = (call: (exchange: Exchange) => void | Promise<void>): void | Promise<void> => {
    let pending: Promise<void> | undefined;
    // Without a wait before it a call is made at once: an exchange that returns nothing costs no turn of the event loop.
    for (const exchange of exchanges) {
      const called = pending ? pending.then(() => call(exchange)) : call(exchange);
      if (called) pending = called;
    }
    return pending;
  };
  return {
    forward: (embeddings, phase) => each((exchange) => exchange.forward(embeddings, phase)),
    backward: (gradEmbeddings) => each((exchange) => exchange.backward(gradEmbeddings)),
  };
}
