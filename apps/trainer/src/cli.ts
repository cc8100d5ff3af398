/**
 * From command lines to exit codes.
 *
 * @module
 */
import { readConfigFile } from "./config/file.ts";
import { parseCommandLine } from "./config/flags.ts";
import { helpText } from "./config/help.ts";
import { errorLine, UsageError } from "./errors.ts";
import { parsePredictArgs, PREDICT_HELP } from "./predict/options.ts";
import { predict } from "./predict/predict.ts";
import { standardError } from "./progress/terminal.ts";
import type { ModelFactory } from "./run/model_factory.ts";
import { train } from "./run/train.ts";

/**
 * `deno task train`.
 *
 * @returns the exit code: 0 done, 1 failure, 2 usage, 130 and 143 after signals.
 */
export async function trainMain(args: readonly string[], createModel: ModelFactory): Promise<number> {
  return await report(args, async () => {
    const { settings: flags, configPath, help } = parseCommandLine(args);
    if (help) {
      print(helpText(Math.min(110, standardError().width()), bold));
      return 0;
    }
    if (configPath !== undefined && flags.resume !== undefined) {
      throw new UsageError(`Cannot use "${configPath}" with --resume as a resumed run has its own configuration`);
    }
    const file = configPath === undefined ? {} : readConfigFile(configPath);
    const command = ["deno task train", ...args.map(quoted)].join(" ");
    return await train({ command, file, flags, createModel, terminal: standardError(), print });
  });
}

/**
 * `deno task predict`.
 *
 * @returns the exit code.
 */
export async function predictMain(args: readonly string[], createModel: ModelFactory): Promise<number> {
  return await report(args, async () => {
    const settings = parsePredictArgs(args);
    if (settings) {
      return await predict(settings, {
        createModel,
        say: (line) => standardError().write(`${line}\n`),
        print,
      });
    }
    print(PREDICT_HELP);
    return 0;
  });
}

/** Runs a command; what it throws becomes one line on standard error and an exit code. */
export async function report(args: readonly string[], command: () => Promise<number>): Promise<number> {
  try {
    return await command();
  } catch (error) {
    const verbose = args.includes("--verbose") || args.includes("-v");
    const text = verbose && error instanceof Error ? withCauses(error) : errorLine(error);
    standardError().write(`error: ${text}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Writes to standard output. */
export function print(text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

function bold(text: string): string {
  return Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR") ? `\x1b[1m${text}\x1b[22m` : text;
}

function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

function withCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${withCauses(error.cause)}` : stack;
}
