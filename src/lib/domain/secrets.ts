/**
 * What is a secret by its form, wherever it stands: seeds of nkeys, JWTs, blocks like those of a PEM or .creds file, what
 * stands before the host of a URL, logins of HTTP, tokens with the prefix of who gave them, and the value of a name that
 * says it is one (`password=…`, `"apiKey":"…"`). A password alone has no form: it is kept out of messages where they
 * are made.
 */

/** The end of a name whose value is a secret. What is said about one (`password: required`) is none. */
const name =
  '(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|cookie)';

const forms: readonly (readonly [RegExp, string])[] = [
  // Up to the end of the text, or of the JSON string, where the end of the block is cut off.
  [
    /-----BEGIN [A-Z0-9 ]{1,40}-----[^"]*?(?:-{5,6}END [A-Z0-9 ]{1,40}-{5,6}|(?="|$))/g,
    '(a key or certificate, not shown)',
  ],
  [/\bS[ACNOUX][A-Z2-7]{40,}/g, '(a seed, not shown)'],
  [/\beyJ[\w-]{10,}(?:\.[\w-]*){0,2}/g, '(a JWT, not shown)'],
  [/\b(Basic|Bearer) (?=[\w+/.~-]{0,256}[\d=])[\w+/.~-]{8,}=*/gi, '$1 (not shown)'],
  [
    /\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_(?:live|test)_|npm_|whsec_)\w[\w-]{9,}/g,
    '(a token, not shown)',
  ],
  // In a query, a form or the words of a command; and in JSON, also where that is a text within another.
  [new RegExp(`((?:^|[?&\\s;,])[\\w-]{0,40}${name}=)(?!\\()[^\\s&;,"']{1,4096}`, 'gi'), '$1(not shown)'],
  [new RegExp(`(${name}(\\\\*")\\s{0,8}:\\s{0,8}\\2)(?!\\()[^"\\\\]{1,4096}`, 'gi'), '$1(not shown)'],
  // Up to the last @ before the host: a password may have some, and a / too where it was not encoded.
  [/:\/{1,2}(?:[^\s"'<>/?#:@]+:(?!\d{1,5}[/?#])[^\s"'<>]{0,256}|[^\s"'<>/?#]+)@/g, '://…@'],
];

/** The text, with each of them replaced by a word for what it is. */
export function hideSecrets(text: string): string {
  return forms.reduce((hidden, [form, word]) => hidden.replace(form, word), text);
}

/** It holds one of them. */
export function looksSecret(text: string): boolean {
  return forms.some(([form]) => text.search(form) !== -1);
}
