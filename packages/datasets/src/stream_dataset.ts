import { buildDataset, type SplitOptions } from "./build_dataset.ts";
import type { CtrDataset } from "./dataset.ts";
import { DataFormatError } from "./errors.ts";
import type { BadRowPolicy } from "./formats/bad_rows.ts";
import { CriteoTsvParser } from "./formats/tsv.ts";
import { type Coding, TableBuilder } from "./table.ts";

/** Options of {@linkcode openCtrStream}. */
export interface StreamOptions extends SplitOptions {
  /** Name used in messages and in `info.source`. */
  file: string;
  /** What happens to rows that cannot be read. Default "fail". */
  onBadRow?: BadRowPolicy;
}

/** How categories are stored for a kind of preprocessing. */
export function codingFor(options: SplitOptions["preprocess"] = {}): Coding {
  return options.mode === "hash"
    ? { kind: "hash", rows: options.hashRows ?? 0 }
    : { kind: "dictionary", modulo: options.mode === "dlrm" ? options.maxIndRange ?? 0 : 0 };
}

/**
 * A data set from a stream of labelled Criteo TSV, plain or gzipped (one member), in any runtime: a `fetch` body, a file
 * picked in a page. Rows are held in memory, encoded to about 40 bytes each. `info.contentHash` is over the encoded
 * rows, so the same rows have the same hash whether they came gzipped or not.
 *
 * @throws {DataFormatError} on input that cannot be read
 */
export async function openCtrStream(stream: ReadableStream<Uint8Array>, options: StreamOptions): Promise<CtrDataset> {
  const { file, onBadRow = "fail" } = options;
  const coding = codingFor(options.preprocess);
  const builder = new TableBuilder(coding);
  const blocks: Uint8Array[] = [];
  const parser = new CriteoTsvParser({ file, onBadRow }, (block) => blocks.push(builder.encode(block)));
  for await (const chunk of unpack(stream, file)) parser.push(chunk);
  const { rows, labelled, bad } = parser.finish();
  const table = {
    summary: {
      fileRows: [rows],
      blockRows: builder.blockRows,
      labelled,
      positives: builder.positives,
      coding,
      contentHash: await hashAll(blocks),
      badRows: bad.count,
      badRowExamples: bad.examples.map((error) => error.message),
    },
    dictionaries: builder.dictionaries,
    read: (block: number) => blocks[block]!,
    close: () => Promise.resolve(),
  };
  return await buildDataset(table, file, options);
}

async function* unpack(stream: ReadableStream<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const first = await reader.read();
  const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      if (!first.done) controller.enqueue(first.value as Uint8Array<ArrayBuffer>);
    },
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  if (first.done || first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* rest;
    return;
  }
  try {
    yield* rest.pipeThrough(new DecompressionStream("gzip"));
  } catch (cause) {
    const reason = "the gzip stream is truncated, damaged, or of more than one member";
    throw new DataFormatError({ file }, `Cannot unpack as ${reason}: ${(cause as Error).message}`, { cause });
  }
}

/** SHA-256 (hex) over the SHA-256 of every block. */
async function hashAll(blocks: readonly Uint8Array[]): Promise<string> {
  const digests = new Uint8Array(32 * blocks.length);
  for (let i = 0; i < blocks.length; i++) {
    digests.set(new Uint8Array(await crypto.subtle.digest("SHA-256", blocks[i] as Uint8Array<ArrayBuffer>)), 32 * i);
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", digests));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
