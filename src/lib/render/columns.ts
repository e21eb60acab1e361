/** East Asian wide characters and emoji: a terminal gives them two columns. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
const narrow = /^[\u0020-\u10ff\u2010-\u22ff]*$/;

/** How many columns of a terminal text takes, at most: combining marks are counted as if they took one. */
export function columnsOf(text: string): number {
  if (narrow.test(text)) return text.length;
  let columns = 0;
  for (const char of text) columns += wide.test(char) ? 2 : 1;
  return columns;
}

/** `text`, or as much of it as fits into that many columns with a `…` at its end; no character is cut in two. */
export function clipColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let left = columns - 1;
  for (const char of text) {
    left -= wide.test(char) ? 2 : 1;
    if (left < 0) break;
    kept += char;
  }
  return `${kept}…`;
}
