import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { canaryForm, readCanary, readStopOn, stopOnForm } from '../../domain/canary.js';
import { escapeLine } from '../../domain/escape.js';
import { isTaskName, taskNameForm } from '../../domain/task.js';
import { UsageError } from '../../errors.js';
import type { TaskTerms } from '../../tasks/store-task.js';

/** A text of this form, or an error that says the form. */
function formed(read: (text: string) => string | undefined, form: string) {
  return async (text: string, _context: unknown, { name }: { readonly name: string }): Promise<string> => {
    const value = read(text);
    if (value !== undefined) return value;
    throw new UsageError(`--${name}: expected ${form}, found "${escapeLine(text)}"`);
  };
}

/** Of commands that replay. */
export const supersededFlags = {
  'if-superseded': Flags.option({ options: ['skip', 'replay'] as const })({
    description:
      'what is done with those whose consumer has processed a newer event of the same subject, where latestOnly of the config names it',
    defaultHelp: async () => 'skip',
  }),
};

/** How a replay is planned as a task. */
export const taskFlags = {
  name: Flags.custom({
    description: 'what the task is called, e.g. the incident',
    helpValue: '<name>',
    parse: formed((text) => (isTaskName(text) ? text : undefined), taskNameForm),
    defaultHelp: async () => 'its id',
  })(),
  plan: Flags.boolean({ description: 'store the plan as a task, and stop; needs no --yes' }),
  task: Flags.string({
    description:
      'carry on with a task: its id or name; at the rate that was planned, also on another machine',
    helpValue: '<id>',
  }),
  canary: Flags.custom({
    description: `in steps, waiting for what each leads to: numbers, parts, and the rest`,
    helpValue: '<1,10,10%,rest>',
    parse: formed(readCanary, canaryForm),
  })(),
  'stop-on': Flags.custom({
    description: `stop when more than this part of a step died again ('failed>5%'), or on a cause that the plan did not have (new-group); repeatable`,
    helpValue: '<condition>',
    parse: formed(readStopOn, stopOnForm),
    multiple: true,
    multipleNonGreedy: true,
  })(),
};

interface GivenTerms {
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly canary?: string | undefined;
  readonly 'stop-on'?: string[] | undefined;
  readonly 'if-superseded'?: 'skip' | 'replay' | undefined;
}

/** How the flags say that a task is to be carried out. */
export function termsOf(flags: GivenTerms, rate: number | undefined): TaskTerms {
  const { name, note, canary, 'stop-on': stopOn, 'if-superseded': ifSuperseded } = flags;
  return {
    ...(name === undefined ? {} : { name }),
    ...(note === undefined ? {} : { note }),
    ...(rate === undefined ? {} : { rate }),
    ...(canary === undefined ? {} : { canary }),
    ...(stopOn === undefined ? {} : { stopOn }),
    ...(ifSuperseded === undefined ? {} : { ifSuperseded }),
  };
}

/** With `--task` all that was planned is said already. Throws UsageError for what says it again. */
export function refuseBesideTask(given: Readonly<Record<string, unknown>>, words: readonly string[]): void {
  const planned = [
    'name',
    'plan',
    'canary',
    'stop-on',
    'rate',
    'note',
    'all',
    'limit',
    'dry-run',
    'consumer',
    'subject',
    'reason',
    'cycle',
    'since',
    'until',
    'if-superseded',
  ];
  const flag = planned.find((name) => given[name] !== undefined && given[name] !== false);
  const what = flag === undefined ? words[0] : `--${flag}`;
  if (what === undefined) return;
  throw new UsageError(
    `--task carries on what was planned, and how: it can't be combined with ${escapeLine(what)}`,
  );
}

/** The task that a command is about. */
export const taskArg = {
  task: Args.string({
    description: 'its id, how that begins, or its name, as tasks list prints them',
    required: true,
    ignoreStdin: true,
  }),
};
