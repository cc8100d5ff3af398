/**
 * Blanks out what is not code, so that a search for an identifier does not stop at a comment or a text.
 *
 * @module
 */

// After these characters (or at the start) a slash begins a regular expression, else it divides.
const beforeRegExp = /(?:^|[=([{,;:!&|?+\-*%~^<>]|\b(?:return|typeof|case|in|of))\s*$/;

/**
 * Replaces comments, string contents, template texts and regular expressions by blanks; line breaks stay.
 *
 * @param source TypeScript.
 * @returns Code of the same length.
 */
export function stripToCode(source: string): string {
  let code = "";
  let at = 0;
  // Depth of braces inside each template expression that is open.
  const templates: number[] = [];
  const blank = (end: number) => {
    code += source.slice(at, end).replace(/[^\n]/g, " ");
    at = end;
  };
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.test(source) ? pattern.lastIndex : source.length;
  };
  const templateText = () => {
    blank(match(/(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/y));
    if (source[at - 1] === "{") templates.push(0);
  };
  while (at < source.length) {
    const char = source[at]!;
    if (source.startsWith("//", at)) blank(match(/[^\n]*/y));
    else if (source.startsWith("/*", at)) blank(match(/[^]*?\*\//y));
    else if (char === '"') blank(match(/"(?:\\[^]|[^"\\\n])*"?/y));
    else if (char === "'") blank(match(/'(?:\\[^]|[^'\\\n])*'?/y));
    else if (char === "/" && beforeRegExp.test(code.slice(-200))) {
      blank(match(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y));
    } else if (char === "`") {
      blank(at + 1);
      templateText();
    } else if (char === "}" && templates.at(-1) === 0) {
      templates.pop();
      blank(at + 1);
      templateText();
    } else {
      if (templates.length > 0 && (char === "{" || char === "}")) {
        templates[templates.length - 1]! += char === "{" ? 1 : -1;
      }
      code += char;
      at++;
    }
  }
  return code;
}
