/**
 * What a figure was measured on.
 *
 * @module
 */
import { cpus } from "node:os";

/** The machine and the versions behind a result. */
export interface Machine {
  /** CPU model. */
  readonly cpu: string;
  /** Logical cores. */
  readonly cores: number;
  /** Memory in GiB. */
  readonly memoryGiB: number;
  /** Load average over 1, 5 and 15 minutes when the bench began: far from 0 means that the figures are disturbed. */
  readonly load: readonly number[];
  /** Operating system and release. */
  readonly os: string;
  /** Versions by name: deno, v8, and what a bench adds (`blas`, `adapter`, peers). */
  readonly versions: Record<string, string>;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30 * 10) / 10,
    load: Deno.loadavg().map((x) => Math.round(x * 100) / 100),
    os: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    versions: { deno: Deno.version.deno, v8: Deno.version.v8 },
  };
}

/** Renders a machine as the closing lines of a bench. */
export function renderMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, load, os, versions } = machine;
  const busy = load[0]! > cores / 4 ? "the machine was busy: these figures are disturbed\n" : "";
  return `${busy}machine: ${cpu}, ${cores} cores, ${memoryGiB} GiB, load ${load.join(" ")} at the start, ${os}\n` +
    `versions: ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}\n`;
}
