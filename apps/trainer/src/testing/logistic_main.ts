/**
 * The trainer as a program, around the regression of `logistic.ts`: for tests that need a process to kill.
 *
 * @module
 */
import { trainMain } from "../cli.ts";
import { createLogistic } from "./logistic.ts";

if (import.meta.main) Deno.exit(await trainMain(Deno.args, createLogistic));
