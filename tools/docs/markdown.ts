/**
 * What the documentation claims about the repository: links, paths and commands in Markdown.
 *
 * @module
 */

/** A claim of a Markdown file that does not hold. */
export interface DocFault {
  /** Path of the Markdown file. */
  readonly file: string;
  /** Line, from 1. */
  readonly line: number;
  /** What does not hold. */
  readonly message: string;
}

/** What claims are checked against. */
export interface Repository {
  /** Whether a path relative to the root is a file or folder. */
  exists(path: string): boolean;
  /** Text of a Markdown file of the repository. */
  read(path: string): string;
  /** Names of the tasks in the root `deno.json`. */
  readonly tasks: ReadonlySet<string>;
}

/** The anchor that a heading gets: lower case, punctuation dropped, blanks to hyphens. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replace(/\s/g, "-");
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^#{1,6}\s+(.*)$/gm)].map(([, heading]) => anchorOf(heading!)));
}

function resolve(from: string, link: string): string {
  const parts = link.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const part of link.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function checkLink(repository: Repository, file: string, link: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return undefined;
  const [path, anchor] = link.split("#");
  const target = path ? resolve(file, path) : file;
  if (!repository.exists(target)) return `links to ${link}, which does not exist`;
  if (anchor && target.endsWith(".md") && !anchorsOf(repository.read(target)).has(anchor)) {
    return `links to ${link}, but ${target} has no such heading`;
  }
  return undefined;
}

/**
 * Checks one Markdown file: relative links and their anchors, paths in backticks that begin with a top folder of the
 * repository, and names of tasks.
 *
 * @param repository What claims are checked against.
 * @param file Path of the Markdown file, relative to the root.
 * @returns Claims that do not hold.
 */
export function checkMarkdown(repository: Repository, file: string): DocFault[] {
  const faults: DocFault[] = [];
  let fenced = false;
  repository.read(file).split("\n").forEach((text, at) => {
    const report = (message: string | undefined) => message && faults.push({ file, line: at + 1, message });
    if (/^\s*```/.test(text)) fenced = !fenced;
    for (const [, task] of text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z][\w:-]*)/g)) {
      if (!repository.tasks.has(task!)) report(`names the task ${task}, which the root deno.json does not have`);
    }
    if (fenced) return;
    for (const [, link] of text.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)) report(checkLink(repository, file, link!));
    for (const [, path] of text.matchAll(/`((?:packages|apps|bench|docs|examples|tools)\/[\w./-]+)`/g)) {
      if (!repository.exists(path!.replace(/\/$/, ""))) report(`names ${path}, which does not exist`);
    }
  });
  return faults;
}
