import { SafetensorsError } from "./error.ts";

/**
 * Refuses an object, at any depth, that has one key twice: `JSON.parse` keeps the last silently, other readers the
 * first, so such a file would mean two things.
 *
 * @param text JSON that `JSON.parse` accepts
 */
export function refuseDuplicateKeys(text: string): void {
  const open: (Set<string> | undefined)[] = []; // per open bracket: the keys of an object, nothing for an array
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "{") open.push(new Set());
    else if (char === "[") open.push(undefined);
    else if (char === "}" || char === "]") open.pop();
    else if (char === '"') {
      const start = i;
      for (i++; text[i] !== '"'; i++) if (text[i] === "\\") i++;
      const keys = open.at(-1);
      if (!keys || !isKey(text, i + 1)) continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      if (keys.has(key)) throw new SafetensorsError(`Cannot read the safetensors header as key "${key}" occurs twice`);
      keys.add(key);
    }
  }
}

/** Whether a string that ends before `at` is a key: a colon follows. */
function isKey(text: string, at: number): boolean {
  while (" \t\n\r".includes(text[at] ?? "x")) at++;
  return text[at] === ":";
}
