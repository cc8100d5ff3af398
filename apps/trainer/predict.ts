/**
 * `deno task predict`: one probability per row of a file, by a trained model; `--help` tells how.
 *
 * @module
 */
import { predictMain } from "./src/cli.ts";
import { createDlrm } from "./src/model/dlrm.ts";

if (import.meta.main) Deno.exit(await predictMain(Deno.args, createDlrm));
