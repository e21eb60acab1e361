/**
 * Text from events, errors and names may hold anything. What a terminal would obey, or what would reorder
 * the line, is printed as its escape instead.
 */

// C0 and C1 controls, DEL, line and paragraph separators, bidirectional marks and isolates, the byte order mark,
// zero-width characters, soft hyphen, variation of tags, and lone surrogates.
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/** Nothing in it is unsafe: what nearly all text is, and cheap to see. */
const plainLine = /^[ -~]*$/;
const plainBlock = /^[ -~\n]*$/;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOne(char: string): string {
  const known = short[char];
  if (known) return known;
  const code = char.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The text on one line, with every control, bidirectional or invisible character as its escape. */
export function escapeLine(text: string): string {
  return plainLine.test(text) ? text : text.replace(unsafe, escapeOne);
}

/** Like `escapeLine`, but line feeds stay: for text that is shown as a block. */
export function escapeBlock(text: string): string {
  return plainBlock.test(text) ? text : text.split('\n').map(escapeLine).join('\n');
}

/**
 * The same JSON for a terminal: what `escapeLine` escapes, and JSON leaves as it is (the C1 controls, bidirectional
 * and invisible characters), as JSON's own escapes. It parses to the same value.
 */
export function escapeJson(json: string): string {
  return isAscii.test(json) ? json : json.replace(unsafe, escapeInJson);
}

const isAscii = /^[\u0000-\u007e]*$/;

function escapeInJson(char: string): string {
  // The line feeds of indented JSON stand outside of its strings.
  if (char < ' ') return char;
  let text = '';
  for (let i = 0; i < char.length; i++) text += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return text;
}

/** `text`, or as much of it as fits into `length` UTF-16 units with a `…` at its end; no character is cut in two. */
export function clipText(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, Math.max(0, length - 1)).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The longest prefix of `text` that is at most `maxBytes` long in UTF-8, the `…` at the end of cut text included. */
export function clipBytes(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  if (maxBytes < 3) return '';
  const kept = Buffer.from(text.slice(0, maxBytes)).subarray(0, Math.max(0, maxBytes - 3));
  return `${new TextDecoder('utf-8', { ignoreBOM: true }).decode(kept).replace(/\ufffd+$/u, '')}…`;
}
