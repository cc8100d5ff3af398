/**
 * WebAssembly as text for modules that go to web pages: as short as the bytes themselves once it is gzipped, where base64 hides
 * repetitions that are not aligned and hexadecimal costs an eighth more.
 *
 * @module
 */

/** Digits are the characters from this one on, which are printable and no quotes; and how many of them there are for one byte. */
const FIRST = 35, DIGITS = 90;
/** Added to bytes: so more of the frequent ones take one digit, small negative operands among them. */
const SHIFT = 6;

/**
 * Writes each byte b as one or two ASCII characters. With `v = (b + 6) mod 256`: digit v if that is below 90, else digit
 * `89 + floor(v / 90)`, which is 90 or 91, and digit `v mod 90`. Digit n is the character of number 35 + n.
 */
export function toText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const value = (byte + SHIFT) % 256, high = Math.floor(value / DIGITS);
    if (high > 0) text += String.fromCharCode(FIRST + DIGITS - 1 + high);
    text += String.fromCharCode(FIRST + value % DIGITS);
  }
  return text;
}

/** Inverts `toText`. */
export function fromText(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let high = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - FIRST;
    if (digit < DIGITS) bytes.push(high + digit - SHIFT);
    high = digit < DIGITS ? 0 : (digit - DIGITS + 1) * DIGITS;
  }
  return Uint8Array.from(bytes);
}
