import { assert } from "@std/assert";

const folder = new URL(".", import.meta.url);
const files = [...Deno.readDirSync(folder)].map(({ name }) => name)
  .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts")).sort();

for (const file of files) {
  Deno.test(`examples/${file} runs`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", new URL(file, folder).href],
      stdin: "null",
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    assert(stdout.length > 0, `${file} printed nothing`);
  });

  Deno.test(`examples/${file} is short`, async () => {
    const lines = (await Deno.readTextFile(new URL(file, folder))).split("\n").length;
    assert(lines <= 80, `${file} has ${lines} lines`);
  });
}
