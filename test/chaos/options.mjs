import { parseArgs } from 'node:util';

export const usage = `Usage: npm run chaos -- [options]

  --scenario <name>       run this one; repeat it for several
  --all                   run all
  --seed <n>              seed of events and faults; default 1; repeat it for several
  --events <n>            events of each run; default 10000
  --duration <seconds>    how long they are published; default 40
  --server-version <v>    nats-server to run on; default: the one of the tests; repeat it for several
  --single, --cluster     only on one server, only on three; default: on each that the scenario knows
  --baseline              run the obvious design too, under the same faults
  --keep                  keep the folders of runs that succeed
  --out <file>            write the results as JSON, after each run
  --resume                leave out the runs that succeeded according to the file of --out, with the same build;
                          its other results stay in it
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
  if (values.resume && values.out === undefined) throw new UsageError('--resume needs --out <file>');
  return {
    chosen: distinct(chosen),
    seeds: distinct(values.seed).map((seed) => whole(seed, '--seed', 0)),
    events: whole(values.events, '--events', 10),
    durationMs: whole(values.duration, '--duration', 3) * 1000,
    /** Undefined stands for the one of the tests. */
    serverVersions: values['server-version'] ? distinct(values['server-version']) : [undefined],
    only: values.single ? 'single' : values.cluster ? 'cluster' : undefined,
    baseline: values.baseline,
    keep: values.keep,
    out: values.out,
    resume: values.resume,
  };
}

function parse(words) {
  try {
    return parseArgs({
      args: words,
      options: {
        scenario: { type: 'string', multiple: true },
        all: { type: 'boolean', default: false },
        seed: { type: 'string', multiple: true, default: ['1'] },
        events: { type: 'string', default: '10000' },
        duration: { type: 'string', default: '40' },
        'server-version': { type: 'string', multiple: true },
        single: { type: 'boolean', default: false },
        cluster: { type: 'boolean', default: false },
        baseline: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        out: { type: 'string' },
        resume: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
}

function distinct(words) {
  return [...new Set(words)];
}

function whole(text, name, least) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`${name}: expected a whole number of at least ${least}, got ${text}`);
  return value;
}
