/** Parts that hyphens join, each in capitals, digits and underscores. */
const joined = /(?<!\w)[A-Z0-9_]+(?:-[A-Z0-9_]+)*(?!\w)/g;
/** In capitals, or with a digit: `ECONNREFUSED`, `ER_DUP_ENTRY`, `42P01`, `550`. */
const code = /^(?:[A-Z][A-Z0-9_]{2,}|(?=[A-Z_]*\d)[A-Z0-9_]{2,})$/;

/** The codes of a failure, in lower case: its own, or where it was stored without one, those of its message. */
export function codesOf(failure: { readonly code?: string; readonly message: string }): string[] {
  return failure.code ? [failure.code.toLowerCase()] : codesIn(failure.message);
}

/** The words of a text that look like a code, in lower case: of `ORA-00942` the whole and its parts. */
export function codesIn(text: string): string[] {
  return (text.match(joined) ?? []).flatMap((word) => {
    const parts = word.split('-');
    const whole = parts.length > 1 && /^[A-Z]/.test(word) && /\d/.test(word) ? [word] : [];
    return [...whole, ...parts.filter((part) => code.test(part))].map((one) => one.toLowerCase());
  });
}
