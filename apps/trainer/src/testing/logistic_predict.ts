/**
 * `predict` as a program, around the regression of `logistic.ts`.
 *
 * @module
 */
import { predictMain } from "../cli.ts";
import { createLogistic } from "./logistic.ts";

if (import.meta.main) Deno.exit(await predictMain(Deno.args, createLogistic));
