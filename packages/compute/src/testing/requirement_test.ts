import { assert, assertEquals } from "@std/assert";

/** Runs a test file with one test that needs what is absent. */
async function runAbsent(required: string): Promise<{ code: number; output: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const helper = JSON.stringify(new URL("./requirement.ts", import.meta.url));
    await Deno.writeTextFile(
      `${folder}/absent_test.ts`,
      `import { testWith } from ${helper};\n` +
        `testWith({ name: "teleport", present: false, hint: "buy one" }, "beam()", () => {});\n` +
        `testWith({ name: "air", present: true, hint: "" }, "breathe()", () => {});\n`,
    );
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--allow-env", "--quiet", `${folder}/absent_test.ts`],
      env: { POCKETREC_REQUIRE: required, NO_COLOR: "1" },
    }).output();
    return { code, output: new TextDecoder().decode(stdout) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("testWith() shows what is absent as ignored, with the hint", async () => {
  const { code, output } = await runAbsent("mpi,air");
  assertEquals(code, 0, output);
  assert(output.includes("beam() [teleport: absent, buy one] ... ignored"), output);
  assert(output.includes("breathe() ... ok"), output);
});

Deno.test("testWith() fails where POCKETREC_REQUIRE names what is absent", async () => {
  const { code, output } = await runAbsent("mpi,teleport");
  assertEquals(code, 1, output);
  assert(output.includes('"teleport" is required but absent: buy one'), output);
});
