/**
 * Configuration files to settings.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";
import { parseJsonc } from "./jsonc.ts";
import { flagName, OPTIONS } from "./options.ts";
import type { SettingKey, Settings } from "./settings.ts";

const KEYS = Object.keys(OPTIONS) as SettingKey[];

/**
 * Reads a configuration file: JSON with comments, one key per setting (`evalEvery` for `--eval-every`).
 *
 * @throws {UsageError} when it cannot be read, or has an unknown key or an impossible value.
 */
export function readConfigFile(path: string): Settings {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new UsageError(`Cannot read the configuration as ${why}: ${path}; want a JSON file, or flags only`);
  }
  return parseConfig(text, path);
}

/**
 * Parses the text of a configuration file.
 *
 * @param path how messages name the file.
 * @throws {UsageError}
 */
export function parseConfig(text: string, path: string): Settings {
  let value: unknown;
  try {
    value = parseJsonc(text);
  } catch (error) {
    throw new UsageError(`Cannot read the configuration as it is not JSON: ${path}:${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`Cannot read the configuration as it must be one JSON object: ${path}`);
  }
  const settings: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    const key = KEYS.find((k) => k === name || flagName(k) === name || OPTIONS[k].aliases?.includes(name));
    if (key === undefined) {
      const near = nearestName(name, KEYS.filter((k) => !OPTIONS[k].flagOnly));
      throw new UsageError(
        `Cannot use "${name}" in ${path} as no such key is known` + (near ? `: did you mean "${near}"?` : ""),
      );
    }
    if (OPTIONS[key].flagOnly) {
      throw new UsageError(`Cannot use "${name}" in ${path} as it is a flag only: give --${flagName(key)}`);
    }
    settings[key] = OPTIONS[key].parse(entry, `"${name}" in ${path}`);
  }
  return settings;
}
