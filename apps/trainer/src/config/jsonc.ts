/**
 * JSON with comments and trailing commas, as configuration files use it. A parser of its own, since `JSON.parse` does
 * not say where it met what it cannot read.
 *
 * @module
 */

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const LITERAL = /"(?:\\.|[^"\\\n])*"|-?\d[\d.eE+-]*|true|false|null/y;

/**
 * Parses JSON with comments and trailing commas.
 *
 * @throws {SyntaxError} beginning with `line:column`.
 */
export function parseJsonc(source: string): unknown {
  const text = source.replace(/^\uFEFF/, "");
  let at = 0;

  const fail = (wanted: string): never => {
    const before = text.slice(0, at).split("\n");
    const found = at < text.length ? JSON.stringify(text[at]) : "the end of the file";
    throw new SyntaxError(`${before.length}:${before.at(-1)!.length + 1}: found ${found}; want ${wanted}`);
  };
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const take = (char: string): boolean => {
    match(BLANK);
    if (text[at] !== char) return false;
    at++;
    return true;
  };
  const literal = (wanted: string): unknown => {
    match(BLANK);
    const start = at;
    const found = match(LITERAL);
    try {
      if (found !== undefined) return JSON.parse(found);
    } catch {
      at = start;
    }
    return fail(wanted);
  };
  const list = (end: string, item: () => void): void => {
    while (!take(end)) {
      item();
      if (take(",")) continue;
      if (take(end)) return;
      fail(`"," or "${end}"`);
    }
  };
  const value = (): unknown => {
    if (take("{")) {
      const object: Record<string, unknown> = {};
      list("}", () => {
        const key = literal('a key in double quotes or "}"');
        if (typeof key !== "string") fail("a key in double quotes");
        if (!take(":")) fail('":"');
        Object.defineProperty(object, key as string, { value: value(), enumerable: true, configurable: true });
      });
      return object;
    }
    if (take("[")) {
      const array: unknown[] = [];
      list("]", () => array.push(value()));
      return array;
    }
    return literal("a value");
  };

  const result = value();
  match(BLANK);
  if (at < text.length) fail("nothing more");
  return result;
}
