/**
 * The embeddings of a model, by how it stores them.
 *
 * @module
 */
import type { AnyDevice } from "@pocketrec/compute";
import {
  type DlrmConfig,
  type EmbeddingCollection,
  type OptimizerConfig,
  TableCollection,
} from "@pocketrec/dlrm-model";
import { RobeCollection, type RobeLayout } from "@pocketrec/robe-array";
import type { StoredEmbedding } from "../config/model_choice.ts";

/** Embeddings that know how they are stored. */
export interface StoredCollection extends EmbeddingCollection, Disposable {
  /** How they are stored now. */
  stored(): StoredEmbedding;
  /**
   * Lets an array grow losslessly to `size` elements, a multiple of what it has; one that is as large already stays.
   * Absent where nothing can grow.
   */
  growTo?(size: number): void;
}

/** Makes embeddings with fresh values. */
export function makeCollection(
  device: AnyDevice,
  { tables, dim }: DlrmConfig,
  stored: StoredEmbedding,
  common: { readonly optimizer: OptimizerConfig; readonly seed: number },
): StoredCollection {
  return "robe" in stored
    ? new ArrayCollection(device, { tables, dim, layout: stored.robe, ...common })
    : new SchemeCollection(device, { tables, dim, ...stored, ...common }, stored);
}

class SchemeCollection extends TableCollection implements StoredCollection {
  readonly #stored: StoredEmbedding;

  constructor(
    device: AnyDevice,
    options: ConstructorParameters<typeof TableCollection>[1],
    stored: StoredEmbedding,
  ) {
    super(device, options);
    this.#stored = stored;
  }

  stored(): StoredEmbedding {
    return this.#stored;
  }
}

class ArrayCollection extends RobeCollection implements StoredCollection {
  stored(): StoredEmbedding {
    const { size, blockSize, align, sign, hash, seed }: RobeLayout = this.layout;
    return { robe: { size, blockSize, align, sign, hash, seed } };
  }

  growTo(size: number): void {
    if (size > this.layout.size) this.grow(size / this.layout.size);
  }
}
