/** Nothing in it is wider or narrower than one column. */
const plain = /^[ -~\n]*$/;

/**
 * Breaks lines between words, as oclif does, which looks for escape sequences and emoji in each word and takes longer
 * for that than for all else that help needs. Undefined where it must be asked: for other than plain text, and where a
 * word is longer than a line.
 */
export function wrapPlain(text: string, columns: number): string | undefined {
  if (!plain.test(text)) return undefined;
  const rows: string[] = [];
  for (const line of text.split('\n')) {
    let row = '';
    for (const word of line.trim().split(' ')) {
      if (word.length > columns) return undefined;
      if (row !== '' && word !== '' && row.length + 1 + word.length > columns) {
        rows.push(row.trimEnd());
        row = '';
      }
      row += row === '' ? word : ` ${word}`;
    }
    rows.push(row.trimEnd());
  }
  return rows.join('\n');
}
