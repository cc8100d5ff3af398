import { DataFormatError } from "../errors.ts";
import { CATEGORIES, DENSE_FEATURES } from "../layout.ts";
import { readCells } from "./cells.ts";
import { type NpyArray, readNpy } from "./npy.ts";
import { BlockFiller, type BlockSink, type ReaderOptions, type ReaderResult } from "./reader.ts";
import { readZip } from "./zip.ts";

/**
 * Reads the npz files of facebookresearch/dlrm: `X_int [N, 13]`, `X_cat [N, 26]` (or `X_cat_t [26, N]`, the stage
 * before), `y [N]`. Values count as raw categories: a dictionary over them reproduces ids that were 0..n-1 before.
 *
 * @throws {DataFormatError} on damage, missing arrays or shapes that do not fit together
 */
export function readNpz(bytes: Uint8Array, options: ReaderOptions, sink: BlockSink): ReaderResult {
  const { file, labels = "required" } = options;
  const fail = (reason: string): never => {
    throw new DataFormatError({ file }, `Cannot read the npz file as ${reason}`);
  };
  const entries = new Map(readZip(bytes, file).map((entry) => [entry.name.replace(/\.npy$/, ""), entry]));
  const load = (name: string): NpyArray | undefined => {
    const entry = entries.get(name);
    return entry && readNpy(entry.read(), { file: `${file}/${name}` });
  };
  const ints = load("X_int") ?? fail("it holds no X_int");
  const straight = load("X_cat");
  const transposed = straight ? undefined : load("X_cat_t") ?? fail("it holds neither X_cat nor X_cat_t");
  const y = labels === "absent" ? undefined : load("y");
  if (!y && labels === "required") fail("it holds no y");
  const [rows = 0, width = 1] = ints.shape;
  if (width !== DENSE_FEATURES) fail(`X_int is (${ints.shape}); want (N, ${DENSE_FEATURES})`);
  const catShape = straight?.shape ?? transposed!.shape;
  const wantShape = straight ? [rows, CATEGORIES] : [CATEGORIES, rows];
  if (`${catShape}` !== `${wantShape}`) fail(`X_cat${straight ? "" : "_t"} is (${catShape}); want (${wantShape})`);
  if (y && (y.shape[0] !== rows || (y.shape[1] ?? 1) !== 1)) fail(`y is (${y.shape}); want (${rows})`);

  const filler = new BlockFiller(options, sink);
  const columns = {
    label: y && ((row: number) => y.at(row, 0)),
    ints: Array.from({ length: DENSE_FEATURES }, (_, c) => (row: number) => ints.at(row, c)),
    cats: Array.from(
      { length: CATEGORIES },
      (_, c) => (row: number) => straight ? straight.at(row, c) : transposed!.at(c, row),
    ),
  };
  readCells(columns, { rows, firstRow: 0, file }, filler);
  return filler.finish(y !== undefined);
}
