/**
 * What a CPU device's threads mean for the process around it: programs run in processes of their own.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";

const DEADLINE_MS = 20_000;

async function runProgram(text: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url));
  const program = `import { addressOf, openCpuDevice } from ${url("./cpu_device.ts")};\n` +
    `import { probeWasm } from ${url("../testing/probe_wasm.ts")};\n` +
    `const device = openCpuDevice({ threads: 3 });\n` +
    `const kernel = device.kernel({ label: "probe", base64: probeWasm }, "claim");\n` +
    `const counts = device.tensor("u32", [64]);\n` +
    `const run = () => device.run(kernel, 63, [addressOf(counts), addressOf(counts) + 252]);\n${text}`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--quiet", program],
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout).trim(), stderr: decoder.decode(stderr).trim() };
}

Deno.test("CpuDevice lets a program end that forgets to dispose it", async () => {
  assertEquals(await runProgram(`run(); setTimeout(() => { run(); console.log("last"); }, 200);`), {
    code: 0,
    stdout: "last",
    stderr: "",
  });
});

Deno.test("CpuDevice lets a program end at once after dispose, also before its workers are up", async () => {
  const program = `run(); device[Symbol.dispose](); device[Symbol.dispose]();
    try { run(); } catch (error) { console.log(error.message); }`;
  const { code, stdout, stderr } = await runProgram(program);
  assertEquals([code, stderr], [0, ""]);
  assert(/^Cannot use the CPU device .* was disposed$/.test(stdout), stdout);
});

Deno.test("CpuDevice lets a program end that fails in a kernel", async () => {
  // Until the caller gets a task: that thread traps.
  const program = `const trap = device.kernel({ label: "p", base64: probeWasm }, "trap");
    while (true) device.run(trap, 9, [0, 1000, addressOf(counts)]);`;
  const { code, stderr } = await runProgram(program);
  assertEquals(code, 1);
  assert(stderr.includes("p.trap: Cannot run on cpu (3 threads"), stderr);
});

Deno.test({
  name: "CpuDevice ends its threads on dispose, also those that never ran a job",
  ignore: Deno.build.os !== "linux", // counts threads in /proc
  fn: async () => {
    const program = `
    const names = () => [...Deno.readDirSync("/proc/self/task")].map(({ name }) => {
      try { return Deno.readTextFileSync("/proc/self/task/" + name + "/comm"); } catch { return ""; }
    });
    const until = async (count) => {
      while (names().filter((name) => name.startsWith("worker-")).length !== count) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await until(2);
    device[Symbol.dispose]();
    await until(0);
    console.log("ended");`;
    assertEquals(await runProgram(program), { code: 0, stdout: "ended", stderr: "" });
  },
});
