import type { FlagShape } from './command-shape.js';

const ofHelp = ['--help', '-h'];

/**
 * The words as the parser takes them: `help dlq list` is `dlq list --help`, `version` is `--version`, flags that every
 * command has may stand before the command, and flags alone ask for help.
 *
 * Throws UsageError where no command stands, also behind one of the `topics`, and what stands there can't be meant.
 */
export async function orderWords(
  words: readonly string[],
  globalFlags: () => Promise<Readonly<Record<string, FlagShape>>>,
  topics: readonly string[] = [],
): Promise<string[]> {
  const ordered = await order(words, globalFlags);
  const [topic = '', ...behind] = ordered;
  const [next] = behind;
  if (next === undefined || !/^(?:-|$)/.test(next) || !topics.includes(topic)) return ordered;
  if (!behind.some((word) => ofHelp.includes(word))) {
    const { checkFlagsAlone } = await import('./flags-alone.js');
    checkFlagsAlone(behind, { flags: await globalFlags(), topic });
  }
  return ordered;
}

async function order(
  words: readonly string[],
  globalFlags: () => Promise<Readonly<Record<string, FlagShape>>>,
): Promise<string[]> {
  const [first, ...others] = words;
  if (first === 'help') return [...others, '--help'];
  if (first === 'version') return ['--version', ...others];
  if (first === undefined || !/^(?:-|$)/.test(first) || first === '--version') return [...words];
  if (others.length === 0 && ofHelp.includes(first)) return [...words];
  const known = await globalFlags();
  const count = leadingFlags(words, known);
  const [flags, rest] = [words.slice(0, count), words.slice(count)];
  const [command] = rest;
  if (command === undefined || command === '' || command === '--') {
    if (flags.some((flag) => ofHelp.includes(flag))) return [...words];
    const { checkFlagsAlone } = await import('./flags-alone.js');
    checkFlagsAlone(words, { flags: known, topic: '' });
    return [...flags, '--help'];
  }
  // Behind the command, and before a `--` that ends its flags.
  const end = rest.indexOf('--');
  const at = end === -1 ? rest.length : end;
  return [...rest.slice(0, at), ...flags, ...rest.slice(at)];
}

/** How many words at the beginning are global flags and their values. */
function leadingFlags(words: readonly string[], flags: Readonly<Record<string, FlagShape>>): number {
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
