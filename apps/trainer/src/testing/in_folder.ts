/** Runs a test's body in a temporary folder of its own, which is removed afterwards. */
export async function inFolder<T>(body: (dir: string) => T | Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir();
  try {
    return await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
