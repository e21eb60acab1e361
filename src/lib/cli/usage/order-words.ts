/** What `order-words` has to know of a flag. */
interface Flag {
  readonly type: string;
  readonly char?: string | undefined;
}

const ofHelp = ['--help', '-h'];

/**
 * The words as the parser takes them: `help dlq list` is `dlq list --help`, `version` is `--version`, flags that every
 * command has may stand before the command, and flags alone ask for help.
 */
export async function orderWords(
  words: readonly string[],
  globalFlags: () => Promise<Readonly<Record<string, Flag>>>,
): Promise<string[]> {
  const [first, ...others] = words;
  if (first === 'help') return [...others, '--help'];
  if (first === 'version') return ['--version', ...others];
  if (first === undefined || !first.startsWith('-') || first === '--version') return [...words];
  if (others.length === 0 && ofHelp.includes(first)) return [...words];
  const count = leadingFlags(words, await globalFlags());
  const [flags, rest] = [words.slice(0, count), words.slice(count)];
  if (rest.length === 0 && !flags.some((flag) => ofHelp.includes(flag))) return [...flags, '--help'];
  // Behind the command, and before a `--` that ends its flags.
  const end = rest.indexOf('--');
  const at = end === -1 ? rest.length : end;
  return [...rest.slice(0, at), ...flags, ...rest.slice(at)];
}

/** How many words at the beginning are global flags and their values. */
function leadingFlags(words: readonly string[], flags: Readonly<Record<string, Flag>>): number {
  let at = 0;
  while (at < words.length) {
    const word = words[at] ?? '';
    if (ofHelp.includes(word)) at++;
    else {
      const [name = '', value] = word.split('=', 2);
      const flag = Object.entries(flags).find(
        ([long, { char }]) => name === `--${long}` || (char !== undefined && name === `-${char}`),
      )?.[1];
      if (flag === undefined) return at;
      at += flag.type === 'boolean' || value !== undefined ? 1 : 2;
    }
  }
  return Math.min(at, words.length);
}
