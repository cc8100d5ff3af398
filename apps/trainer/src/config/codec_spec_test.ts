import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors.ts";
import { parseCodecSpec } from "./codec_spec.ts";

const parse = (text: string) => parseCodecSpec(text, "--codec");

Deno.test("parseCodecSpec() fills in what is not said", () => {
  assertEquals(parse("off"), { kind: "off" });
  assertEquals(parse("fp16"), { kind: "fp16", direction: "forward" });
  assertEquals(parse("lossy"), {
    kind: "lossy",
    direction: "forward",
    slices: 1,
    bounds: { tighten: 0.02, base: 0.02, loosen: 0.02 },
    gradientFactor: 1,
    decay: { kind: "none", initial: 2, phase: 0.2 },
  });
  assertEquals(parse("lossy,adaptive"), {
    kind: "lossy",
    direction: "forward",
    slices: 1,
    bounds: { tighten: 0.01, base: 0.03, loosen: 0.05 },
    gradientFactor: 1,
    adaptive: { warmup: 0.05, samples: 8 },
    decay: { kind: "step", initial: 2, phase: 0.2 },
  });
});

Deno.test("parseCodecSpec() reads bounds, directions and options", () => {
  assertEquals(parse("fp16,direction=both"), { kind: "fp16", direction: "both" });
  const text = "lossy:0.04,adaptive,tighten=.02,loosen=0.1,warmup=0.1,samples=12,decay=log,c0=3,phase=1,slices=4";
  assertEquals(parse(`${text},direction=both,gradient=0.01`), {
    kind: "lossy",
    direction: "both",
    slices: 4,
    bounds: { tighten: 0.02, base: 0.04, loosen: 0.1 },
    gradientFactor: 0.25,
    adaptive: { warmup: 0.1, samples: 12 },
    decay: { kind: "log", initial: 3, phase: 1 },
  });
  const still = parse("lossy:1e-3,adaptive,decay=none");
  assert(still.kind === "lossy" && still.decay.kind === "none" && still.bounds.base === 0.001);
});

Deno.test("parseCodecSpec() refuses in one line what is unknown, impossible or says nothing", () => {
  for (
    const [text, message] of [
      ["losy", "did you mean lossy?"],
      ["lossy:1:2", "its kind is unknown"],
      ["toString", "its kind is unknown"],
      ["off:1", "off takes no bound"],
      ["fp16:0.1", "fp16 takes no bound"],
      ["off,direction=both", 'off has no option "direction"; want no options'],
      ["fp16,adaptive", 'fp16 has no option "adaptive"; want direction'],
      ["lossy:", "the bound must be a share of the range of values > 0 and <= 0.5"],
      ["lossy:0", "the bound must be"],
      ["lossy:0.6", "the bound must be"],
      ["lossy:-1", "the bound must be"],
      ["lossy:NaN", "the bound must be"],
      ["lossy,direktion=both", "did you mean direction?"],
      ["lossy,direction=up", "want forward or backward or both"],
      ["lossy,direction=both,direction=both", "given twice"],
      ["lossy,adaptive=0.1", "option adaptive of lossy has an unknown value"],
      ["lossy,slices=0", "want a whole number from 1 to 4096"],
      ["lossy,slices=1.5", "want a whole number from 1 to 4096"],
      ["lossy,decay=drop", "want step or linear or log or constant or none"],
      ["lossy,decay=step,c0=0.5", "want a factor from 1 to 100"],
      ["lossy,decay=step,phase=0", "want a share of the steps > 0 and <= 1"],
      ["lossy,adaptive,warmup=1", "want a share of the steps >= 0 and < 1"],
      ["lossy,samples=3", "option samples of lossy says nothing here"],
      ["lossy,gradient=0.01", "want direction=backward or both"],
      ["lossy,c0=3", "option c0 of lossy says nothing here"],
      ["lossy,adaptive,decay=none,phase=1", "option phase of lossy says nothing here"],
      ["lossy:0.01,adaptive,tighten=0.02", "must ascend: got 0.02, 0.01 and"],
    ] as const
  ) {
    const error = assertThrows(() => parse(text), UsageError, message);
    assert(error.message.startsWith("Cannot read --codec as ") && !error.message.includes("\n"), error.message);
  }
});
