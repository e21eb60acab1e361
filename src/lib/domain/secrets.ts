/**
 * What is a secret by its form, wherever it stands: seeds of nkeys, JWTs, blocks like those of a PEM or .creds file, and
 * what stands before the host of a URL. A password alone has no form: it is kept out of messages where they are made.
 */

const forms: readonly (readonly [RegExp, string])[] = [
  // Up to the end of the text, or of the JSON string, where the end of the block is cut off.
  [
    /-----BEGIN [A-Z0-9 ]{1,40}-----[^"]*?(?:-{5,6}END [A-Z0-9 ]{1,40}-{5,6}|(?="|$))/g,
    '(a key or certificate, not shown)',
  ],
  [/\bS[ACNOUX][A-Z2-7]{40,}/g, '(a seed, not shown)'],
  [/\beyJ[\w-]{10,}(?:\.[\w-]*){0,2}/g, '(a JWT, not shown)'],
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
