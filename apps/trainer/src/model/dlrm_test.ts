import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { decodeSafetensors } from "@pocketrec/dlrm-model";

const CONFIG = new URL("../../../../deno.json", import.meta.url).pathname;
const MAIN = new URL("../../main.ts", import.meta.url).pathname;

async function train(...args: string[]): Promise<void> {
  const options = ["run", "-A", "--no-check", "--config", CONFIG, MAIN, ...args];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args: options, stdout: "null" }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
}
const weights = (dir: string) => Deno.readFileSync(`${dir}/model/1/model.safetensors`);
function assertSameWeights(a: string, b: string): void {
  const [x, y] = [weights(a), weights(b)];
  const at = x.findIndex((byte, i) => byte !== y[i]);
  assertEquals([x.length, at], [y.length, -1], "length, first differing byte");
}
const report = (dir: string) => JSON.parse(Deno.readTextFileSync(`${dir}/report.json`));

Deno.test("train with the DLRM gives the same bits on one and two threads and after a resume, and dumps the exchange", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const base = [
      "--data",
      "synthetic:4000",
      "--embedding",
      "hash:200",
      "--batch",
      "256",
      "--device",
      "cpu",
      "--epochs",
      "1",
    ];
    await train(
      ...base,
      "--threads",
      "1",
      "--out",
      `${dir}/one`,
      "--dump-exchange",
      `${dir}/dump`,
      "--dump-every",
      "4",
    );
    await train(...base, "--threads", "2", "--out", `${dir}/two`);
    assertSameWeights(`${dir}/one`, `${dir}/two`);
    assertEquals(report(`${dir}/one`).test, report(`${dir}/two`).test);

    await train(
      ...base,
      "--threads",
      "2",
      "--out",
      `${dir}/parts`,
      "--max-steps",
      "5",
      "--eval-every",
      "2",
      "--no-refit",
    );
    await train("--resume", `${dir}/parts`, "--max-steps", "0");
    const whole = [...base, "--threads", "2", "--eval-every", "2", "--log-every", "1", "--no-refit"];
    await train(...whole, "--out", `${dir}/whole`);
    assertSameWeights(`${dir}/parts`, `${dir}/whole`);

    const { tensors, metadata } = decodeSafetensors(weights(`${dir}/one`));
    assert(tensors.has("bot_l.0.weight") && tensors.has("top_l.4.bias") && tensors.has("emb_l.25.weight"));
    assertEquals(metadata["interaction_order"], "tril");
    const { model } = report(`${dir}/one`);
    assertAlmostEquals(model.compressionRatio, 200, 10);
    const elements = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(elements, model.parameters);

    const dumps = [...Deno.readDirSync(`${dir}/dump`)].map((entry) => entry.name).sort();
    assertEquals(
      dumps,
      [4, 8, 12].flatMap((n) => ["bwd", "fwd"].map((d) => `step-${String(n).padStart(8, "0")}-${d}.npy`)),
    );
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(`${dir}/dump/${dumps[0]}`).subarray(10, 128));
    assert(text.includes("(26, 256, 16)"), text);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
