/** Finds a Python that has torch and numpy: `POCKETREC_PYTHON`, else `python3`, else `/usr/bin/python3`. */
export async function findTorch(): Promise<string | undefined> {
  const named = Deno.env.get("POCKETREC_PYTHON");
  for (const python of named ? [named] : ["python3", "/usr/bin/python3"]) {
    try {
      const args = [
        "-c",
        "import importlib.util as u, sys; sys.exit(not (u.find_spec('torch') and u.find_spec('numpy')))",
      ];
      const { success } = await new Deno.Command(python, { args, stdout: "null", stderr: "null" }).output();
      if (success) return python;
    } catch {
      // No such program.
    }
  }
  return undefined;
}
