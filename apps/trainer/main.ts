/**
 * `deno task train`: trains a recommender from a configuration file and flags; `--help` lists them.
 *
 * @module
 */
import { trainMain } from "./src/cli.ts";
import { createDlrm } from "./src/model/dlrm.ts";

if (import.meta.main) Deno.exit(await trainMain(Deno.args, createDlrm));
