import { inFolder } from "./in_folder.ts";
import { succeeds } from "./succeeds.ts";

/**
 * Runs the body, as a step of test `t`, in a folder on a disk of so many KiB. Where nothing can be mounted the step shows
 * as ignored.
 */
export async function onSmallDisk(
  t: Deno.TestContext,
  kib: number,
  body: (dir: string) => void | Promise<void>,
): Promise<void> {
  await inFolder(async (dir) => {
    const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
    const mounted = isRoot && await succeeds("mount", "-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", dir);
    try {
      await t.step({ name: `on a tmpfs of ${kib} KiB`, ignore: !mounted, fn: () => body(dir) });
    } finally {
      if (mounted) await succeeds("umount", dir);
    }
  });
}
