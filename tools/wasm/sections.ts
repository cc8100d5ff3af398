/**
 * Reads just enough of a WebAssembly binary to tell whether a kernel module is stateless. All modules of a CPU device
 * import one memory, so a module with static data would overwrite the constants of another, and a mutable global would
 * differ between the threads that each hold their own instance.
 *
 * @module
 */

/** What {@linkcode readSections} found in a module. */
export interface ModuleSummary {
  /** Imports as `module.name`. */
  readonly imports: readonly string[];
  /** Names of exported functions. */
  readonly functions: readonly string[];
  /** Number of globals defined in the module that can change. */
  readonly mutableGlobals: number;
  /** Number of data segments. */
  readonly dataSegments: number;
  /** Whether the module runs code at instantiation. */
  readonly start: boolean;
}

const SECTION = { import: 2, global: 6, export: 7, start: 8, data: 11 } as const;
const KIND_FUNCTION = 0;

/** A cursor over the bytes of a module. */
class Reader {
  at = 0;

  constructor(readonly bytes: Uint8Array) {}

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new SyntaxError("Cannot read the module as it ends early");
    return value;
  }

  /** An unsigned LEB128 integer of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new SyntaxError("Cannot read the module as an integer has more than 5 bytes");
  }

  name(): string {
    const length = this.u32();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  limits(): void {
    const hasMaximum = (this.byte() & 1) === 1;
    this.u32();
    if (hasMaximum) this.u32();
  }
}

function readImports(reader: Reader): string[] {
  const imports: string[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    imports.push(`${reader.name()}.${reader.name()}`);
    const kind = reader.byte();
    if (kind === KIND_FUNCTION) reader.u32();
    else if (kind === 1) {
      reader.byte();
      reader.limits();
    } else if (kind === 2) reader.limits();
    else if (kind === 3) reader.at += 2;
    else throw new SyntaxError(`Cannot read the module as it imports something of unknown kind ${kind}`);
  }
  return imports;
}

/** Counts mutable globals; initialisers are constant expressions of one instruction, as AssemblyScript emits them. */
function countMutableGlobals(reader: Reader): number {
  let mutable = 0;
  for (let left = reader.u32(); left > 0; left--) {
    reader.byte();
    mutable += reader.byte();
    const opcode = reader.byte();
    if (opcode === 0x41 || opcode === 0x42) { while (reader.byte() >= 0x80); }
    else if (opcode === 0x43) reader.at += 4;
    else if (opcode === 0x44) reader.at += 8;
    else if (opcode === 0xfd && reader.u32() === 12) reader.at += 16;
    else throw new SyntaxError(`Cannot read the module as a global starts with opcode 0x${opcode.toString(16)}`);
    if (reader.byte() !== 0x0b) throw new SyntaxError("Cannot read the module as a global has no plain constant");
  }
  return mutable;
}

function readFunctionNames(reader: Reader): string[] {
  const names: string[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    const name = reader.name();
    if (reader.byte() === KIND_FUNCTION) names.push(name);
    reader.u32();
  }
  return names;
}

/**
 * Summarises a WebAssembly binary.
 *
 * @param bytes The module.
 * @returns Its imports, exported functions and what state it holds.
 */
export function readSections(bytes: Uint8Array): ModuleSummary {
  const reader = new Reader(bytes);
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) !== 0x0061736d) {
    throw new SyntaxError("Cannot read the module as it does not start with the bytes 00 61 73 6d");
  }
  reader.at = 8;
  let imports: string[] = [], functions: string[] = [];
  let mutableGlobals = 0, dataSegments = 0, start = false;
  while (reader.at < bytes.length) {
    const section = reader.byte();
    const end = reader.u32() + reader.at;
    if (section === SECTION.import) imports = readImports(reader);
    else if (section === SECTION.global) mutableGlobals = countMutableGlobals(reader);
    else if (section === SECTION.export) functions = readFunctionNames(reader);
    else if (section === SECTION.start) start = true;
    else if (section === SECTION.data) dataSegments = reader.u32();
    reader.at = end;
  }
  return { imports, functions, mutableGlobals, dataSegments, start };
}

/**
 * Says why a module may not run on a shared memory beside others.
 *
 * @param summary The result of {@linkcode readSections}.
 * @returns One reason per fault, empty for a module that may.
 */
export function findState({ imports, mutableGlobals, dataSegments, start }: ModuleSummary): string[] {
  const faults: string[] = [];
  if (dataSegments > 0) {
    faults.push(
      `it holds static data (data segments: ${dataSegments}), which would overwrite those of other modules on the same memory`,
    );
  }
  if (mutableGlobals > 0) {
    faults.push(
      `it holds mutable globals (${mutableGlobals}), of which every thread has its own: pass state in the arguments`,
    );
  }
  if (start) faults.push("it runs code at instantiation, which happens once per thread");
  const foreign = imports.filter((name) => name !== "env.memory");
  if (foreign.length > 0) faults.push(`it imports ${foreign.join(", ")}; only env.memory is provided`);
  return faults;
}
