import { CONFORMANCE_DIM, CONFORMANCE_TABLES, testEmbeddingCollection } from "@pocketrec/dlrm-model/testing";
import type { RobeLayoutOptions } from "@pocketrec/robe-array";
import type { StoredEmbedding } from "../config/model_choice.ts";
import { makeCollection } from "./collection.ts";

const ROBE: Required<RobeLayoutOptions> = {
  size: 1600,
  blockSize: CONFORMANCE_DIM,
  align: 4,
  sign: true,
  hash: "mix32",
  seed: 7,
};

const KINDS: readonly (readonly [name: string, stored: StoredEmbedding])[] = [
  ["tables", { schemes: [{ kind: "full" }, { kind: "full" }, { kind: "hash", rows: 40 }], qrOperation: "mult" }],
  ["array of whole rows", { robe: ROBE }],
  ["array of single elements, unsigned", { robe: { ...ROBE, blockSize: 1, align: 1, sign: false, hash: "m31" } }],
  ["array of short blocks, not a divisor", { robe: { ...ROBE, size: 999, blockSize: 3, align: 1 } }],
  ["array of blocks of two rows", { robe: { ...ROBE, blockSize: 16, align: 8 } }],
  ["small array, where blocks of a row overlap", { robe: { ...ROBE, size: 20, blockSize: 4 } }],
];

for (const [name, stored] of KINDS) {
  testEmbeddingCollection(`makeCollection(), ${name}`, {
    make(device, { seed, optimizer }) {
      const shape = { denseFeatures: 1, tables: CONFORMANCE_TABLES, dim: CONFORMANCE_DIM, bottom: [], top: [] };
      return makeCollection(device, shape, stored, { optimizer: { kind: optimizer }, seed });
    },
  });
}
