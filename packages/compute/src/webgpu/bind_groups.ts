import type { Tensor } from "../tensor.ts";
import { storageOf, type WebGpuStorage } from "./storage.ts";

interface Entry {
  readonly group: GPUBindGroup;
  readonly storages: readonly number[];
}

/**
 * Bind groups by kernel and tensors: a training step binds the same tensors again and again. A freed tensor takes its
 * groups along, and beyond `capacity` the oldest go, for programs that bind ever new views.
 */
export class BindGroupCache {
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();
  readonly #keysOfStorage = new Map<number, Set<string>>();

  /** Makes an empty cache. */
  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  /** Number of groups kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the group of a kernel and its tensors, making it on a miss. */
  get(label: string, tensors: readonly Tensor[], make: () => GPUBindGroup): GPUBindGroup {
    let key = label;
    for (const tensor of tensors) key += `|${storageOf(tensor).id},${tensor.byteOffset},${tensor.size}`;
    const have = this.#entries.get(key);
    if (have) return have.group;
    const entry = { group: make(), storages: tensors.map((tensor) => storageOf(tensor).id) };
    if (this.#entries.size >= this.#capacity) this.#delete(this.#entries.keys().next().value!);
    this.#entries.set(key, entry);
    for (const id of entry.storages) {
      const keys = this.#keysOfStorage.get(id);
      if (keys) keys.add(key);
      else this.#keysOfStorage.set(id, new Set([key]));
    }
    return entry.group;
  }

  /** Drops the groups of a storage. */
  forget(storage: WebGpuStorage): void {
    for (const key of this.#keysOfStorage.get(storage.id) ?? []) this.#delete(key);
  }

  #delete(key: string): void {
    for (const id of this.#entries.get(key)?.storages ?? []) {
      const keys = this.#keysOfStorage.get(id);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOfStorage.delete(id);
    }
    this.#entries.delete(key);
  }
}
