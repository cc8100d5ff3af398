/**
 * Paths and file URLs of the repository.
 *
 * @module
 */
import { fileURLToPath, pathToFileURL } from "node:url";

/** Folder of the repository, with forward slashes and without a slash at the end. */
export const repositoryRoot: string = fileURLToPath(new URL("..", import.meta.url)).replaceAll("\\", "/").replace(
  /\/$/,
  "",
);

/**
 * Turns a folder into a file URL.
 *
 * @param folder Absolute or relative path.
 * @returns URL that ends with a slash.
 */
export function toFileUrl(folder: string): string {
  return pathToFileURL(folder).href.replace(/\/?$/, "/");
}

/**
 * Turns a file URL into a path.
 *
 * @param url File URL.
 * @returns Path as the operating system writes it.
 */
export function fromFileUrl(url: string): string {
  return fileURLToPath(url);
}
