/** Something that a host may lack and that some tests need. */
export interface Requirement {
  /** Name in `POCKETREC_REQUIRE`. */
  readonly name: string;
  /** Whether the host has it. */
  readonly present: boolean;
  /** How to get it. */
  readonly hint: string;
}

/** Names in `POCKETREC_REQUIRE=webgpu,dawn,blas,chromium,...`: what must not be absent. */
export function requiredNames(): ReadonlySet<string> {
  if (typeof Deno === "undefined") return new Set();
  return new Set((Deno.env.get("POCKETREC_REQUIRE") ?? "").split(",").filter((name) => name.length > 0));
}

/**
 * Registers a Deno test that needs something. Where that is absent the test shows as ignored, with the hint in its name;
 * where `POCKETREC_REQUIRE` names it, the test fails instead.
 */
export function testWith(
  requirement: Requirement,
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const { present, hint } = requirement;
  const missing = !present && requiredNames().has(requirement.name);
  Deno.test({
    name: present ? name : `${name} [${requirement.name}: absent, ${hint}]`,
    ignore: !present && !missing,
    // Devices, browsers and child processes outlive a test by a few turns of the event loop.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async (t) => {
      if (!present) throw new Error(`"${requirement.name}" is required but absent: ${hint}`);
      await fn(t);
    },
  });
}
