import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

function fake(
  interactive: boolean,
  color: boolean = false,
  width: number = 100,
): { terminal: Terminal; text(): string } {
  let text = "";
  return { terminal: { interactive, color, width: () => width, write: (s) => text += s }, text: () => text };
}

/** A run of 100 steps of 10 ms and 512 rows. */
function play(progress: Progress, clock: { ms: number }): void {
  for (let step = 1; step <= 100; step++) {
    clock.ms += 10;
    progress.step({ step, epoch: 1, rows: 512 });
    if (step % 10 === 0) progress.loss({ step, epoch: 1, rows: 512 }, 1 / step, 0.02);
  }
}

Deno.test("Progress writes plain lines without control codes when nobody watches", () => {
  const { terminal, text } = fake(false);
  const clock = { ms: 0 };
  const progress = new Progress(terminal, 100, 1, () => clock.ms);
  play(progress, clock);
  progress.evaluation(100, { auc: 0.75, logloss: 0.5, accuracy: 0.8 }, true);
  assert([...text()].every((c) => c >= " " || c === "\n"));
  const lines = text().trimEnd().split("\n");
  assertEquals(lines.length, 3, "the first reading, the last one and the evaluation");
  assertStringIncludes(lines[1]!, "step 100/100  epoch 1/1  loss 0.0100  lr 0.02  51.2k rows/s  eta 0:00");
  assertStringIncludes(lines[2]!, "auc 0.7500  logloss 0.5000  accuracy 80.00 %  best so far");
});

Deno.test("Progress draws one bar on a terminal, within its width", () => {
  for (const width of [40, 60, 100, 200]) {
    const { terminal, text } = fake(true, false, width);
    const clock = { ms: 0 };
    const progress = new Progress(terminal, 200, 1, () => clock.ms);
    play(progress, clock);
    const bars = text().split("\r\x1b[2K").slice(1);
    assert(!text().includes("\n"));
    assert(bars.length >= 5 && bars.length <= 11, `drawn at most every 100 ms: ${bars.length}`);
    assert(bars.every((bar) => [...bar].length < width), bars.at(-1));
    assertMatch(bars.at(-1)!, /^ 45 % .*eta 0:01$/);
    if (width >= 100) assertMatch(bars.at(-1)!, /91\/200 {2}51\.2k rows\/s {2}loss 0\.0111/);
  }
});

Deno.test("Progress.line() keeps the bar below the lines, and colours come only when welcome", () => {
  const { terminal, text } = fake(true, true);
  const progress = new Progress(terminal, 10, 1, () => 0);
  progress.step({ step: 5, epoch: 1, rows: 1 });
  progress.line("a note");
  assertStringIncludes(text(), "\r\x1b[2Ka note\n\r\x1b[2K 50 %");
  assertStringIncludes(text(), "\x1b[36m");
  const plain = fake(true, false);
  const other = new Progress(plain.terminal, 10, 1, () => 0);
  other.step({ step: 5, epoch: 1, rows: 1 });
  assert(!plain.text().includes("\x1b[3"));
});

Deno.test("Progress leaves pauses out of the speed", () => {
  const { terminal, text } = fake(false);
  const clock = { ms: 0 };
  const progress = new Progress(terminal, 4, 1, () => clock.ms);
  clock.ms += 10;
  progress.step({ step: 1, epoch: 1, rows: 100 });
  progress.pause("evaluating");
  clock.ms += 60_000;
  progress.resume();
  clock.ms += 10;
  progress.step({ step: 2, epoch: 1, rows: 100 });
  progress.loss({ step: 2, epoch: 1, rows: 100 }, 0.5, 0.1);
  assertStringIncludes(text(), "10.0k rows/s  eta 0:00");
});
