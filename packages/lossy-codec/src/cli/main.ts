/**
 * From a command line to an exit code.
 *
 * @module
 */
import { benchCommand } from "./bench_command.ts";
import { compressCommand } from "./compress_command.ts";
import { decompressCommand } from "./decompress_command.ts";
import { errorLine, systemCode, UsageError } from "./errors.ts";
import { type Command, COMMAND_HELP, COMMANDS, HELP } from "./help.ts";
import { inspectCommand } from "./inspect_command.ts";
import { suggestion } from "./nearest_name.ts";
import { print } from "./output.ts";
import { say } from "./terminal.ts";

const RUN: Readonly<Record<Command, (args: readonly string[]) => Promise<number>>> = {
  compress: compressCommand,
  decompress: decompressCommand,
  inspect: inspectCommand,
  bench: benchCommand,
};

/**
 * Runs a command line; what fails is told in one line on the standard error.
 *
 * @param args Such as `["compress", "x.npy", "--rel", "0.01"]`.
 * @returns The exit code: 0 done, 1 failure, 2 wrong usage.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    // The reader of a pipe has seen enough.
    if (systemCode(error) === "EPIPE") return 1;
    const trace = args.includes("--verbose") && error instanceof Error;
    say(`error: ${trace ? withCauses(error) : errorLine(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args, flags = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (name === "--help" || name === "-h" || name === "help") {
    print(HELP);
    return 0;
  }
  if (name === undefined) throw new UsageError(`Cannot do nothing: want ${COMMANDS.join(", ")} or --help`);
  const command = COMMANDS.find((command) => command === name);
  if (command === undefined) {
    throw new UsageError(
      `Cannot run "${name}" as no such command is known${
        suggestion(name, COMMANDS) || `: want ${COMMANDS.join(", ")}`
      }`,
    );
  }
  if (flags.includes("--help") || flags.includes("-h")) {
    print(COMMAND_HELP[command]);
    return 0;
  }
  return await RUN[command](rest);
}

function withCauses(error: Error): string {
  const stack = error.stack ?? error.message;
  return error.cause instanceof Error ? `${stack}\ncaused by ${withCauses(error.cause)}` : stack;
}
