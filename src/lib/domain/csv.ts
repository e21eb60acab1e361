/** What a spreadsheet would compute: a cell that begins with one of these, full-width forms included. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
const toQuote = /[",\r\n]/;

/**
 * One record of CSV (RFC 4180), with its line end. A cell that a spreadsheet would take for a formula gets a `'` in
 * front, which shows it as text.
 */
export function csvRecord(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

function cellOf(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return toQuote.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
