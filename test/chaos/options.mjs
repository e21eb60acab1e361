import { parseArgs } from 'node:util';

export const usage = `Usage: npm run chaos -- [options]

  --scenario <name>       run this one; repeat it for several
  --all                   run all
  --seed <n>              seed of events and faults; default 1
  --events <n>            events of each run; default 10000
  --duration <seconds>    how long they are published; default 40
  --server-version <v>    nats-server to run on; default: the one of the tests
  --single, --cluster     only on one server, only on three; default: on each that the scenario knows
  --baseline              run the obvious design too, under the same faults
  --keep                  keep the folders of runs that succeed
  --out <file>            write the results as JSON
`;

export class UsageError extends Error {}

/** Reads the words after the command; throws UsageError about the first that is wrong. */
export function readOptions(words, names) {
  const { values } = parse(words);
  const chosen = values.all ? names : (values.scenario ?? []);
  if (chosen.length === 0) throw new UsageError(`--scenario <name> or --all: ${names.join(', ')}`);
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`no scenario ${unknown}: ${names.join(', ')}`);
  if (values.single && values.cluster) throw new UsageError('--single or --cluster, not both');
  return {
    chosen,
    seed: whole(values.seed, '--seed', 0),
    events: whole(values.events, '--events', 10),
    durationMs: whole(values.duration, '--duration', 3) * 1000,
    serverVersion: values['server-version'],
    only: values.single ? 'single' : values.cluster ? 'cluster' : undefined,
    baseline: values.baseline,
    keep: values.keep,
    out: values.out,
  };
}

function parse(words) {
  try {
    return parseArgs({
      args: words,
      options: {
        scenario: { type: 'string', multiple: true },
        all: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        events: { type: 'string', default: '10000' },
        duration: { type: 'string', default: '40' },
        'server-version': { type: 'string' },
        single: { type: 'boolean', default: false },
        cluster: { type: 'boolean', default: false },
        baseline: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        out: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function whole(text, name, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`${name}: expected a whole number of at least ${least}, got ${text}`);
  return value;
}
