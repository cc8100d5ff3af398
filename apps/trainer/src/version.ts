/**
 * Versions for reports and checkpoints.
 *
 * @module
 */
import trainer from "../deno.json" with { type: "json" };

/** The trainer's own version. */
export const TRAINER_VERSION: string = trainer.version;

/** The versions that `report.json` names. */
export function versions(): Record<string, string> {
  return { trainer: TRAINER_VERSION, deno: Deno.version.deno, v8: Deno.version.v8 };
}

/** The machine, for the report. */
export function environment(): Record<string, string> {
  return {
    system: `${Deno.build.os} ${Deno.build.arch}`,
    processor: processorName(),
    cores: String(navigator.hardwareConcurrency),
    ...versions(),
  };
}

function processorName(): string {
  try {
    const text = Deno.readTextFileSync("/proc/cpuinfo");
    return /^model name\s*:\s*(.+)$/m.exec(text)?.[1] ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}
