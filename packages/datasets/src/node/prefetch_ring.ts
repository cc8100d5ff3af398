import { createBatch, type CtrBatch, type CtrSchema } from "../dataset.ts";

const WRITTEN = 0, READ = 1, STOPPED = 2, ENDED = 3, CONTROL_BYTES = 64;

/**
 * A ring of batches in shared memory, one writer and one reader. Both count batches; the writer sleeps while the ring is
 * full, the reader while it is empty.
 */
export class BatchRing {
  /** The memory, to be handed to the other side. */
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #schema: CtrSchema;
  readonly #batchSize: number;
  readonly #depth: number;
  readonly #slotBytes: number;

  /** A ring of `depth` batches. @param memory of the other side, or none to create it */
  constructor(schema: CtrSchema, batchSize: number, depth: number, memory?: SharedArrayBuffer) {
    this.#schema = schema;
    this.#batchSize = batchSize;
    this.#depth = depth;
    this.#slotBytes = 4 * (1 + batchSize * (schema.denseFeatures + schema.tables.length + 1));
    this.memory = memory ?? new SharedArrayBuffer(CONTROL_BYTES + depth * this.#slotBytes);
    this.#control = new Int32Array(this.memory, 0, CONTROL_BYTES / 4);
  }

  /** Writes a batch, sleeping while the ring is full. @returns false once the reader has stopped */
  write(batch: CtrBatch): boolean {
    const control = this.#control;
    const written = Atomics.load(control, WRITTEN);
    for (;;) {
      if (Atomics.load(control, STOPPED)) return false;
      const read = Atomics.load(control, READ);
      if (written - read < this.#depth) break;
      Atomics.wait(control, READ, read);
    }
    const { rows, dense, ids, labels } = this.#slot(written);
    rows[0] = batch.rows;
    dense.set(batch.dense);
    ids.set(batch.ids);
    labels.set(batch.labels);
    this.#advance(WRITTEN, written + 1);
    return true;
  }

  /** Says that no more will be written. */
  end(): void {
    Atomics.store(this.#control, ENDED, 1);
    Atomics.notify(this.#control, WRITTEN);
  }

  /** Copies the next batch out, waiting for it; `undefined` after the last. */
  async read(): Promise<CtrBatch | undefined> {
    const control = this.#control;
    const read = Atomics.load(control, READ);
    for (;;) {
      // "Ended" is looked at first: whatever was written before it is then visible.
      const ended = Atomics.load(control, ENDED);
      const written = Atomics.load(control, WRITTEN);
      if (written > read) break;
      if (ended) return undefined;
      // A bounded wait covers an "ended" that slips in between the look and the sleep.
      await Atomics.waitAsync(control, WRITTEN, written, 50).value;
    }
    const slot = this.#slot(read);
    const batch = createBatch(slot.rows[0]!, this.#schema);
    batch.dense.set(slot.dense.subarray(0, batch.dense.length));
    batch.ids.set(slot.ids.subarray(0, batch.ids.length));
    batch.labels.set(slot.labels.subarray(0, batch.rows));
    this.#advance(READ, read + 1);
    return batch;
  }

  /** Tells the writer to stop, waking it if it sleeps. */
  stop(): void {
    Atomics.store(this.#control, STOPPED, 1);
    this.#advance(READ, Atomics.load(this.#control, READ) + 1);
  }

  #advance(counter: number, value: number): void {
    Atomics.store(this.#control, counter, value);
    Atomics.notify(this.#control, counter);
  }

  #slot(count: number): { rows: Uint32Array; dense: Float32Array; ids: Uint32Array; labels: Float32Array } {
    const { denseFeatures, tables } = this.#schema;
    const n = this.#batchSize;
    let at = CONTROL_BYTES + (count % this.#depth) * this.#slotBytes;
    const take = (words: number): number => (at += 4 * words) - 4 * words;
    return {
      rows: new Uint32Array(this.memory, take(1), 1),
      dense: new Float32Array(this.memory, take(n * denseFeatures), n * denseFeatures),
      ids: new Uint32Array(this.memory, take(n * tables.length), n * tables.length),
      labels: new Float32Array(this.memory, take(n), n),
    };
  }
}
