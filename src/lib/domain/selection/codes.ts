/** In capitals, or with a digit: `ECONNREFUSED`, `ER_DUP_ENTRY`, `42P01`, `550`. */
const code = /(?<![\w])(?:[A-Z][A-Z0-9_]{2,}|(?=[A-Z_]*\d)[A-Z0-9_]{2,})(?![\w])/g;

/** The words of an error that look like a code, in lower case. */
export function codesOf(message: string): string[] {
  return (message.match(code) ?? []).map((word) => word.toLowerCase());
}
