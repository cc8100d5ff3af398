/**
 * The few messages of TensorFlow's `event.proto` and `summary.proto` that scalars need, in protobuf wire format.
 *
 * @module
 */

/** A scalar with its tag, for example `Train/Loss`. */
export interface Scalar {
  readonly tag: string;
  readonly value: number;
}

/** The first event of every file. */
export function encodeVersionEvent(wallTime: number): Uint8Array {
  return concat([double(1, wallTime), text(3, "brain.Event:2")]);
}

/** An event that carries scalars at a step. */
export function encodeScalarEvent(wallTime: number, step: number, scalars: readonly Scalar[]): Uint8Array {
  const values = scalars.map(({ tag, value }) => message(1, concat([text(1, tag), float(2, value)])));
  return concat([double(1, wallTime), integer(2, step), message(5, concat(values))]);
}

/** A restart: TensorBoard then drops what earlier files say from this step on. */
export function encodeRestartEvent(wallTime: number, step: number): Uint8Array {
  const START = 1;
  return concat([double(1, wallTime), integer(2, step), message(7, integer(1, START))]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A varint; steps fit 2^53, so the arithmetic is on numbers. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return Uint8Array.from(bytes);
}

const key = (field: number, wireType: number): Uint8Array => varint(field * 8 + wireType);
const integer = (field: number, value: number): Uint8Array => concat([key(field, 0), varint(value)]);
const message = (field: number, body: Uint8Array): Uint8Array => concat([key(field, 2), varint(body.length), body]);
const text = (field: number, value: string): Uint8Array => message(field, new TextEncoder().encode(value));

function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concat([key(field, 1), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([key(field, 5), bytes]);
}
