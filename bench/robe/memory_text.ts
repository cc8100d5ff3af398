/** Caches of the first core and how pages of memory are handed out, as far as the system tells (Linux). */
export function memoryText(): string {
  const caches = [0, 1, 2, 3, 4].flatMap((index) => {
    const folder = `/sys/devices/system/cpu/cpu0/cache/index${index}`;
    const level = readLine(`${folder}/level`), size = readLine(`${folder}/size`);
    return level && size && readLine(`${folder}/type`) !== "Instruction" ? [`L${level} ${size}`] : [];
  });
  const huge = readLine("/sys/kernel/mm/transparent_hugepage/enabled")?.match(/\[(\w+)\]/)?.[1];
  return [...caches, `transparent huge pages ${huge ?? "unknown"}`].join(" / ");
}

function readLine(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
