import { escapeLine } from '../domain/escape.js';
import { OperationError, UsageError } from '../errors.js';

/** What was said ahead of the question. */
export interface Consent {
  /** Yes. */
  readonly yes?: boolean | undefined;
  /** The pipeline's name. */
  readonly confirm?: string | undefined;
}

/** Who asks, and of whom. */
export interface Asking {
  /** The name of the pipeline that is written to; undefined: none is. */
  readonly pipeline: string | undefined;
  /** Why its name is asked for; undefined: yes or no is enough. */
  readonly why: string | undefined;
  /** A person is there to answer. */
  readonly interactive: boolean;
  /** The command, for errors. */
  readonly command: string;
  readonly hasDryRun: boolean;
}

/** As `BaseCommand.confirm` says it. */
export async function askConsent(
  question: string,
  { yes = false, confirm: named }: Consent,
  { pipeline: name, why, interactive, command, hasDryRun }: Asking,
): Promise<boolean> {
  if (named !== undefined && name !== undefined) {
    if (named === name) return true;
    throw new UsageError(
      `--confirm: expected the name of the pipeline, ${escapeLine(name)}, found ${escapeLine(named)}; nothing was done`,
      { code: 'OTHER_PIPELINE' },
    );
  }
  if (why === undefined && yes) return true;
  const needed = why === undefined || name === undefined ? '--yes' : `--confirm ${escapeLine(name)}`;
  if (!interactive) {
    throw new UsageError(`${command} needs ${needed}: ${why ?? 'there is no terminal to ask on'}`, {
      code: 'CONFIRMATION_NEEDED',
      suggestions: [`add ${needed}`, ...(hasDryRun ? ['see only the plan with --dry-run'] : [])],
    });
  }
  const prompts = await import('./prompts.js');
  if (why === undefined || name === undefined) return prompts.confirm(question);
  const typed = await prompts.askText(`${question}\nSince ${why}, type the pipeline's name:`);
  if (typed === name || typed === '') return typed === name;
  throw new OperationError(
    `nothing was done: expected the name of the pipeline, ${escapeLine(name)}, found ${escapeLine(typed)}`,
    { code: 'DECLINED' },
  );
}
