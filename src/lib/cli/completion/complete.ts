import type { Candidate, CommandTable, Completion, Sources } from './completion.js';
import { argumentAt, isFlag, placeBehind, type Place } from './place.js';
import { termsLike } from './terms.js';
import { valuesOfArgument, valuesOfFlag } from './values.js';

/**
 * What could stand in place of the last of these words, of which a part may be there; the others stand before it. The
 * name of the program is none of them.
 */
export async function complete(
  words: readonly string[],
  table: CommandTable,
  sources: Sources,
): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  const { candidates, files } = await allAt(words.slice(0, -1), typed, table, sources);
  return { candidates: candidates.filter(({ word }) => word.startsWith(typed)), files };
}

async function allAt(
  before: readonly string[],
  typed: string,
  table: CommandTable,
  sources: Sources,
): Promise<Completion> {
  const ofHelp = before[0] === 'help';
  const place = placeBehind(ofHelp ? before.slice(1) : before, table);
  if (place.awaited !== undefined) return valuesOfFlag(place.awaited, place, sources);
  if (isFlag(typed) && !place.isEnded && typed.includes('=')) return valuesBehind(typed, place, sources);
  if (place.command === undefined) {
    const own = ofHelp || place.named.length > 0 ? [] : [{ word: 'help' }, { word: 'version' }];
    return only(typed.startsWith('-') ? flagsOf(place) : [...namesAt(place, table), ...own]);
  }
  return only(ofHelp ? [] : await wordsAt(place, typed, sources));
}

async function wordsAt(place: Place, typed: string, sources: Sources): Promise<readonly Candidate[]> {
  const argument = argumentAt(place);
  const flags = typed.startsWith('-') && !place.isEnded ? flagsOf(place) : [];
  if (argument === undefined || typed.startsWith('--')) return flags;
  const terms = argument === 'selection' ? await termsLike(typed, sources) : [];
  // A term that has a key is no id.
  if (typed.startsWith('-') || (terms.length > 0 && typed.includes(':'))) return [...flags, ...terms];
  return [...(await valuesOfArgument(argument, place, sources)), ...terms];
}

/** `--consumer=mail`: the flag and its value in one word. */
async function valuesBehind(typed: string, place: Place, sources: Sources): Promise<Completion> {
  const prefix = typed.slice(0, typed.indexOf('=') + 1);
  const { candidates, files } = await valuesOfFlag(prefix.slice(2, -1), place, sources);
  return { candidates: candidates.map(({ word, about }) => ({ word: prefix + word, about })), files };
}

/** What comes next in the names of commands. */
function namesAt({ named }: Place, { commands, topics }: CommandTable): Candidate[] {
  const next = new Map<string, Candidate>();
  for (const { name, summary } of commands) {
    const words = name.split(' ');
    const word = words[named.length];
    if (word === undefined || !named.every((one, i) => one === words[i])) continue;
    const isWhole = words.length === named.length + 1;
    const topic = topics.find((one) => one.word === word)?.about;
    next.set(word, { word, about: isWhole ? summary : topic });
  }
  return [...next.values()];
}

/** Those that are not there yet, or may be there again. */
function flagsOf({ flags, values }: Place): Candidate[] {
  const help = { word: '--help', about: 'explain this command' };
  return Object.entries(flags)
    .filter(([name, { multiple }]) => multiple || values[name] === undefined)
    .map(([name, { description }]): Candidate => ({ word: `--${name}`, about: description }))
    .concat(help);
}

function only(candidates: readonly Candidate[]): Completion {
  return { candidates, files: false };
}
