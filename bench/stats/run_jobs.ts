/**
 * Does jobs some at a time, with a line for each.
 *
 * @module
 */

/** What there is to do. */
export interface Job {
  /** For the lines. */
  readonly name: string;
  /** @returns what to say of it */
  run(): Promise<string>;
}

/**
 * Does all jobs; one that fails does not stop the others.
 *
 * @param workers jobs at a time
 * @returns what failed, a line each
 */
export async function runJobs(
  jobs: readonly Job[],
  workers: number,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const open = [...jobs], failures: string[] = [], began = performance.now();
  let done = 0;
  const worker = async () => {
    for (let job = open.shift(); job; job = open.shift()) {
      const started = performance.now();
      const told = await job.run().catch((error: Error) => error);
      done++;
      const minutes = (performance.now() - began) / 60_000;
      const progress = `${done}/${jobs.length}, ${(minutes / done * (jobs.length - done)).toFixed(0)} min left`;
      const line = `${job.name}: ${told instanceof Error ? told.message : told}`;
      if (told instanceof Error) failures.push(line);
      const took = told instanceof Error ? "" : `, ${((performance.now() - started) / 1000).toFixed(1)} s`;
      say(`${progress}  ${line}${took}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return failures;
}
