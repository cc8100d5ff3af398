/**
 * Helpers for tests of operators: one test body for every device of the host, comparisons that name tensor, index and
 * both values, and seeded data.
 *
 * Reads `POCKETREC_REQUIRE` and opens devices, so import it from tests only.
 *
 * @module
 */
export * from "./compare.ts";
export * from "./conformance.ts";
export * from "./devices.ts";
export * from "./random.ts";
export * from "./requirement.ts";
export * from "./rounding.ts";
