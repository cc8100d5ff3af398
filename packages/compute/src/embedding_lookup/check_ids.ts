/**
 * Checks that every id of a one-hot batch is a row of its table, before the batch goes to a device.
 *
 * @param ids `[samples, tables]`, sample-major
 * @param rows number of rows of each table
 * @throws {RangeError} naming table, sample, id and the table's rows
 * @throws {TypeError} where the number of ids is no multiple of the number of tables
 */
export function checkIdBatch(ids: Uint32Array, rows: readonly number[]): void {
  const tables = rows.length;
  if (ids.length > 0 && (tables === 0 || ids.length % tables !== 0)) {
    throw new TypeError(`Cannot look up ${ids.length} ids in ${tables} tables: want a multiple`);
  }
  const bounds = Float64Array.from(rows);
  for (let at = 0; at < ids.length;) {
    for (let table = 0; table < tables; table++, at++) {
      if (ids[at]! >= bounds[table]!) {
        throw new RangeError(
          `Cannot look up id ${ids[at]} of sample ${(at - table) / tables} in table ${table}: it has ${
            rows[table]
          } rows`,
        );
      }
    }
  }
}
