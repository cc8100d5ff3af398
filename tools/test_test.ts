import { assertEquals } from "@std/assert";
import { parseJunit } from "./testing/junit.ts";
import { summarise } from "./testing/summary.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="1" errors="0" time="0.005">
    <testsuite name="./a_test.ts" tests="5" disabled="2" errors="0" failures="1">
        <testcase name="gemm() [cpu]" classname="./a_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="gemm() [dawn: absent, apt-get install -y chromium]" classname="./a_test.ts" time="0.000">
            <skipped/>
        </testcase>
        <testcase name="a &lt; b &amp; &#39;c&#39;" classname="./a_test.ts" time="0.001" line="3" col="6">
            <failure message="Uncaught Error: x">Error: x</failure>
        </testcase>
        <testcase name="gemm() [cpu] &gt; step" classname="./a_test.ts" time="0.000" line="1" col="45"/>
        <testcase name="not on this system" classname="./a_test.ts" time="0.000" line="1" col="75">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("parseJunit() reads names and outcomes", () => {
  assertEquals(parseJunit(report).map(({ name, outcome }) => [name, outcome]), [
    ["gemm() [cpu]", "passed"],
    ["gemm() [dawn: absent, apt-get install -y chromium]", "skipped"],
    ["a < b & 'c'", "failed"],
    ["gemm() [cpu] > step", "passed"],
    ["not on this system", "skipped"],
  ]);
});

Deno.test("summarise() counts and says how to install absent parts", () => {
  assertEquals(summarise(parseJunit(report), new Set()), {
    passed: 2,
    failed: 1,
    skipped: 2,
    notes: [
      "failed: a < b & 'c' (./a_test.ts)",
      "skipped: not on this system (./a_test.ts)",
      "skipped: absent: dawn (1 test); to install: apt-get install -y chromium",
    ],
  });
});

Deno.test("summarise() counts absent parts as failed where they are required", () => {
  const { failed, skipped, notes } = summarise(parseJunit(report), new Set(["dawn"]));
  assertEquals([failed, skipped], [2, 1]);
  assertEquals(notes.at(-1), "failed: required but absent: dawn (1 test); to install: apt-get install -y chromium");
});
