/**
 * Whether words ask for JSON, also where the command line can't be parsed: an error is then JSON too. `-o json` and
 * `--output json` say the same as `--json`.
 */
export function wantsJson(words: readonly string[]): boolean {
  return words.some(
    (word, i) =>
      word === '--json' ||
      /^(?:-o=?|--output=)json$/.test(word) ||
      ((word === '-o' || word === '--output') && words[i + 1] === 'json'),
  );
}
