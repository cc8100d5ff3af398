/**
 * What may change when a run is resumed.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { flagName } from "./options.ts";
import type { SettingKey, Settings } from "./settings.ts";

/** Flags that leave what was computed so far as it is. */
const CHANGEABLE: readonly SettingKey[] = [
  "epochs",
  "maxSteps",
  "patience",
  "refit",
  "device",
  "gpu",
  "blas",
  "threads",
  "cache",
  "checkpointEvery",
  "keep",
  "tensorboard",
  "resume",
  "dumpExchange",
  "dumpEvery",
  "dumpScores",
  "verbose",
  "dryRun",
];

/**
 * Refuses flags that would make the rest of a resumed run another run.
 *
 * @param file the run's own configuration; a flag that repeats it is welcome.
 * @throws {UsageError}
 */
export function checkResumeFlags(flags: Settings, file: Settings): void {
  for (const key of Object.keys(flags) as SettingKey[]) {
    if (CHANGEABLE.includes(key) || JSON.stringify(flags[key]) === JSON.stringify(file[key])) continue;
    throw new UsageError(
      `Cannot change --${flagName(key)} on --resume as the run began with another value: got ${
        JSON.stringify(flags[key])
      }; want ${JSON.stringify(file[key] ?? "none")}`,
    );
  }
}
