/**
 * The text of `--help`.
 *
 * @module
 */
import { GROUPS } from "./option.ts";
import { flagName, OPTIONS } from "./options.ts";
import { PRESET_NAMES } from "./presets.ts";
import type { SettingKey } from "./settings.ts";

const COLUMN = 30;

/**
 * The help page.
 *
 * @param width columns of the terminal.
 * @param bold marks headings, for example by an escape sequence.
 */
export function helpText(width: number = 100, bold: (s: string) => string = (s) => s): string {
  const lines = [
    bold("pocketrec train") + ": trains a recommender and leaves a run folder with model, metrics and report",
    "",
    bold("Usage"),
    "  deno task train [config.json] [flags]",
    "",
    bold("Examples"),
    "  deno task train                                        a synthetic set, about a minute",
    "  deno task train --data criteo:day.tsv.gz               real rows in Criteo's format",
    "  deno task train --data criteo:day.tsv.gz --embedding hash:100",
    "  deno task train --data criteo:day.tsv.gz --embedding robe:1000,z=16   tables 1000 times smaller",
    "  deno task train --resume runs/2026-01-31T12-00-00      go on after Ctrl-C or a crash",
    "  deno task train runs/x/config.json --seed 2            the same run, another seed",
    "  deno task predict --model runs/x --data criteo:new.tsv --out scores.csv",
  ];
  const keys = Object.keys(OPTIONS) as SettingKey[];
  for (const group of GROUPS) {
    lines.push("", bold(group));
    for (const key of keys.filter((k) => OPTIONS[k].group === group)) lines.push(...describe(key, width));
    if (group === "Other") lines.push(...entry("-h, --help", "This page", width));
  }
  lines.push("", bold("Names of facebookresearch/dlrm that work too"));
  const aliases = keys.flatMap((key) => (OPTIONS[key].aliases ?? []).map((name) => `--${name} = --${flagName(key)}`));
  lines.push(
    ...wrap(aliases.map((a) => a.replaceAll(" ", "\u00A0") + ",").join(" ").slice(0, -1), width - 2)
      .map((line) => `  ${line.replaceAll("\u00A0", " ")}`),
  );
  lines.push(
    "",
    bold("Files and precedence"),
    ...wrap(
      "A configuration file is JSON with comments; its keys are the flags in camelCase (evalEvery). Flags override the " +
        `file, the file overrides --preset (${PRESET_NAMES.join(", ")}). A run folder's config.json is such a file. ` +
        '"auto" values depend on the number of rows; --dry-run shows what they become.',
      width - 2,
    ).map((line) => `  ${line}`),
    "",
    bold("Exit codes"),
    "  0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM (a checkpoint is written)",
    "",
  );
  return lines.join("\n");
}

function describe(key: SettingKey, width: number): string[] {
  const option = OPTIONS[key];
  const name = (option.isSwitch && option.fallback === "on" ? "--[no-]" : "--") + flagName(key);
  let text = option.help;
  if (key === "preset") text += `: ${PRESET_NAMES.join(", ")}`;
  if (option.fallback !== undefined) text += ` [${option.fallback}]`;
  const placeholder = key === "preset" ? "<name>" : option.placeholder;
  return entry(`${key === "verbose" ? "-v, " : ""}${name}${placeholder ? ` ${placeholder}` : ""}`, text, width);
}

function entry(left: string, text: string, width: number): string[] {
  const lines = wrap(text, Math.max(30, width - COLUMN - 2)).map((line) => " ".repeat(COLUMN + 2) + line);
  const head = `  ${left}`;
  if (head.length < COLUMN + 1) lines[0] = head.padEnd(COLUMN + 2) + lines[0]!.trimStart();
  else lines.unshift(head);
  return lines;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last === "") lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
