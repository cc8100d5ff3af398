/** A shape, size or option of a ROBE array that cannot work. */
export class ConfigError extends RangeError {
  /** Always `"ConfigError"`. */
  /** The class, for messages and for callers across realms. */
  override readonly name = "ConfigError";
}

/** An id beyond its table's `numEmbeddings`. */
export class IdOutOfRangeError extends RangeError {
  /** Always `"IdOutOfRangeError"`. */
  /** The class, for messages and for callers across realms. */
  override readonly name = "IdOutOfRangeError";
  /** Name of the table. */
  readonly table: string;
  /** Index of the id in the given array. */
  readonly position: number;
  /** The id met. */
  readonly id: number | bigint;

  /** Names table, position, id and bound. */
  constructor(table: string, position: number, id: number | bigint, numEmbeddings: number) {
    super(
      `Cannot look up id ${id} at position ${position} of table "${table}": want 0 to ${numEmbeddings - 1}`,
    );
    this.table = table;
    this.position = position;
    this.id = id;
  }
}

/** An array larger than a device can bind. */
export class LimitError extends RangeError {
  /** Always `"LimitError"`. */
  /** The class, for messages and for callers across realms. */
  override readonly name = "LimitError";
}

/** A file that is no undamaged ROBE array, or one whose hash this build does not reproduce. */
export class CorruptModelError extends Error {
  /** Always `"CorruptModelError"`. */
  /** The class, for messages and for callers across realms. */
  override readonly name = "CorruptModelError";
}
