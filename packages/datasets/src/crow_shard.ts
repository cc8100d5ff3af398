/**
 * Frame of a `.crow` shard file: a header of 64 bytes, blocks one after the other, then the index.
 *
 * Header, little-endian 32-bit words: "CROW", version, number of blocks, rows, bytes of blocks, XXH32 of the index,
 * two zero words, the first 28 bytes of the SHA-256 of the dictionary that the ids belong to,
 * XXH32 of the header before it. The index has two words per block: bytes and rows.
 *
 * @module
 */
import { DataFormatError, type DataPosition } from "./errors.ts";
import { xxh32 } from "./hash.ts";

/** Size of the header. */
export const SHARD_HEADER_BYTES = 64;
const MAGIC = 0x574f5243; // "CROW"
/** Version of shards and blocks; readers refuse any other. */
export const CROW_VERSION = 1;
/** A shard is closed when its blocks reach this size, so that all offsets fit 32 bits. */
export const SHARD_BYTES: number = 2 ** 28;

/** One block of a shard. */
export interface ShardBlock {
  /** Encoded size. */
  readonly bytes: number;
  /** Rows in it. */
  readonly rows: number;
}

/** What the header of a shard says. */
export interface ShardHeader {
  /** Number of blocks. */
  readonly blocks: number;
  /** Where the index begins. */
  readonly indexAt: number;
  /** Size of the index. */
  readonly indexBytes: number;
  /** XXH32 of the index. */
  readonly indexSum: number;
}

/** Header and index of a shard with these blocks. @param dictionaryHash SHA-256, 32 bytes */
export function encodeShardFrame(
  blocks: readonly ShardBlock[],
  dictionaryHash: Uint8Array,
): { header: Uint8Array; index: Uint8Array } {
  const index = new Uint8Array(Uint32Array.from(blocks.flatMap(({ bytes, rows }) => [bytes, rows])).buffer);
  const words = new Uint32Array(SHARD_HEADER_BYTES / 4);
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  words.set([MAGIC, CROW_VERSION, blocks.length, rows, bytes, xxh32(index)]);
  const header = new Uint8Array(words.buffer);
  header.set(dictionaryHash.subarray(0, 28), 32);
  words[15] = xxh32(header.subarray(0, 60));
  return { header, index };
}

/** Reads a header. @throws {DataFormatError} on damage, another version, or ids of another dictionary */
export function decodeShardHeader(bytes: Uint8Array, position: DataPosition, dictionaryHash: Uint8Array): ShardHeader {
  const fail = (reason: string): never => {
    throw new DataFormatError(position, `Cannot read a shard as ${reason}`);
  };
  if (bytes.length < SHARD_HEADER_BYTES) fail(`it ends after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) fail("it does not begin with CROW");
  if (view.getUint32(4, true) !== CROW_VERSION) fail(`its version is ${view.getUint32(4, true)}; want ${CROW_VERSION}`);
  if (view.getUint32(60, true) !== xxh32(bytes.subarray(0, 60))) fail("the checksum of its header does not match");
  for (let i = 0; i < 28; i++) if (bytes[32 + i] !== dictionaryHash[i]) fail("its ids belong to another dictionary");
  const blocks = view.getUint32(8, true);
  return {
    blocks,
    indexAt: SHARD_HEADER_BYTES + view.getUint32(16, true),
    indexBytes: blocks * 8,
    indexSum: view.getUint32(20, true),
  };
}

/** Reads an index. @throws {DataFormatError} if it does not match its header */
export function decodeShardIndex(bytes: Uint8Array, header: ShardHeader, position: DataPosition): ShardBlock[] {
  if (bytes.length !== header.indexBytes || xxh32(bytes) !== header.indexSum) {
    throw new DataFormatError(position, "Cannot read a shard as its index is damaged or cut short");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = Array.from({ length: header.blocks }, (_, i) => ({
    bytes: view.getUint32(8 * i, true),
    rows: view.getUint32(8 * i + 4, true),
  }));
  const total = blocks.reduce((sum, block) => sum + block.bytes, SHARD_HEADER_BYTES);
  if (total !== header.indexAt) {
    throw new DataFormatError(position, `Cannot read a shard as its blocks end at ${total}; want ${header.indexAt}`);
  }
  return blocks;
}
