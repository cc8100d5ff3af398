/**
 * Kills a training run with SIGKILL at random moments, resumes it each time, and compares the end with an uninterrupted
 * run, and with one on one thread, byte by byte:
 *
 * ```sh
 * deno run -A apps/trainer/src/testing/kill_check.ts 20 --data synthetic:60000 --embedding hash:20
 * ```
 *
 * The first argument is the number of runs killed once each; the others go to `train`.
 *
 * @module
 */
import { createHash } from "node:crypto";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../../../deno.json", import.meta.url).pathname;

function start(args: readonly string[]): Deno.ChildProcess {
  const options = ["run", "-A", "--config", CONFIG, MAIN, ...args];
  return new Deno.Command(Deno.execPath(), { args: options, stdout: "null", stderr: "piped" }).spawn();
}

/** Runs to the end, or kills after `killAfterMs` from the first step on. @returns the step last reported. */
async function play(args: readonly string[], killAfterMs?: number): Promise<{ code: number; milliseconds: number }> {
  const child = start(args);
  let began = 0, text = "";
  for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (began === 0 && /^step \d/m.test(text)) {
      began = performance.now();
      if (killAfterMs !== undefined) setTimeout(() => kill(child), killAfterMs);
    }
  }
  const { code } = await child.status;
  if (code !== 0 && killAfterMs === undefined) throw new Error(`train ended with code ${code}:\n${text}`);
  return { code, milliseconds: performance.now() - began };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It was faster.
  }
}

/** What must be equal. */
function outcome(folder: string): string {
  const report = JSON.parse(Deno.readTextFileSync(`${folder}/report.json`));
  const hash = createHash("sha256");
  for (const file of ["model/1/model.safetensors", "metrics.csv"]) hash.update(Deno.readFileSync(`${folder}/${file}`));
  hash.update(JSON.stringify([report.test, report.best]));
  return hash.digest("hex").slice(0, 16);
}

if (import.meta.main) {
  const [count = "20", ...flags] = Deno.args;
  const folder = await Deno.makeTempDir();
  const common = [...flags, "--device", "cpu", "--checkpoint-every", "5", "--log-every", "1"];
  try {
    const { milliseconds } = await play([...common, "--threads", "2", "--out", `${folder}/whole`]);
    const want = outcome(`${folder}/whole`);
    await play([...common, "--threads", "1", "--out", `${folder}/one`]);
    let wrong = Number(outcome(`${folder}/one`) !== want);
    console.log(
      `uninterrupted ${want}, ${(milliseconds / 1000).toFixed(1)} s; one thread ${wrong ? "DIFFERS" : "equal"}`,
    );
    for (let run = 1; run <= Number(count); run++) {
      const out = `${folder}/${run}`;
      const after = Math.random() * milliseconds;
      const killed = await play([...common, "--threads", "2", "--out", out], after);
      const checkpoints = [...Deno.readDirSync(`${out}/checkpoint`)].map((entry) => entry.name).sort();
      await play(["--resume", out]);
      const equal = outcome(out) === want;
      wrong += Number(!equal);
      console.log(
        `run ${run}: ${killed.code === 0 ? "had ended" : `killed after ${after.toFixed(0)} ms`}, resumed from ` +
          `${checkpoints.filter((name) => name.startsWith("step-")).at(-1) ?? "the start"}: ${
            equal ? "equal" : "DIFFERS"
          }`,
      );
      await Deno.remove(out, { recursive: true });
    }
    console.log(wrong === 0 ? "all equal" : `${wrong} differ`);
    Deno.exitCode = wrong === 0 ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
