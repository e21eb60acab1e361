import type { Candidate, Completion, Source, Sources } from './completion.js';
import type { Place } from './place.js';

const ofFlag: Readonly<Record<string, Source>> = {
  consumer: 'consumers',
  context: 'contexts',
  only: 'consumers',
  task: 'tasks',
  'to-context': 'contexts',
  type: 'events',
};

const ofArgument: Readonly<Record<string, Source>> = {
  consumer: 'consumers',
  group: 'groups',
  id: 'letters',
  name: 'examples',
  selection: 'letters',
  subjects: 'events',
  task: 'tasks',
  type: 'events',
};

/** Where the values of a key come from, in terms such as `consumer:<name>`. */
export const ofKey: Readonly<Record<string, Source>> = {
  consumer: 'consumers',
  group: 'groups',
  task: 'tasks',
  type: 'events',
};

/** What a flag may be set to. */
export async function valuesOfFlag(name: string, { flags }: Place, sources: Sources): Promise<Completion> {
  const { options, helpValue } = flags[name] ?? {};
  if (options) return { candidates: options.map((word) => ({ word })), files: false };
  const source = ofFlag[name];
  return { candidates: source ? await sources[source]() : [], files: helpValue === '<file>' };
}

/** What an argument may be. */
export async function valuesOfArgument(
  name: string,
  { command }: Place,
  sources: Sources,
): Promise<readonly Candidate[]> {
  const options = command?.args[name]?.options;
  if (options) return options.map((word) => ({ word }));
  const source = ofArgument[name];
  return source ? sources[source]() : [];
}
