import { escapeLine } from '../domain/escape.js';
import { OperationError, UsageError } from '../errors.js';
import type { Protection } from './context.js';

/** What was said ahead of the question. */
export interface Consent {
  /** Yes. */
  readonly yes?: boolean | undefined;
  /** The pipeline's name. */
  readonly confirm?: string | undefined;
}

/** Who asks, and of whom. */
export interface Asking {
  readonly protection: Protection | undefined;
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
  { protection, interactive, command, hasDryRun }: Asking,
): Promise<boolean> {
  const seePlan = hasDryRun ? ['see only the plan with --dry-run'] : [];
  if (protection === undefined) {
    if (yes) return true;
    if (interactive) return (await import('./prompts.js')).confirm(question);
    throw new UsageError(`${command} needs --yes: there is no terminal to ask on`, {
      code: 'CONFIRMATION_NEEDED',
      suggestions: ['add --yes', ...seePlan],
    });
  }
  const { name, why } = protection;
  if (named === name) return true;
  if (named !== undefined) {
    throw new UsageError(
      `--confirm: expected the name of the pipeline, ${escapeLine(name)}, found ${escapeLine(named)}; nothing was done`,
      { code: 'OTHER_PIPELINE' },
    );
  }
  if (!interactive) {
    throw new UsageError(`${command} needs --confirm ${escapeLine(name)}: ${why}`, {
      code: 'CONFIRMATION_NEEDED',
      suggestions: [`add --confirm ${escapeLine(name)}`, ...seePlan],
    });
  }
  const { askText } = await import('./prompts.js');
  const typed = await askText(`${question} Since ${why}, type the name of the pipeline:`);
  if (typed === name || typed === '') return typed === name;
  throw new OperationError(
    `nothing was done: expected the name of the pipeline, ${escapeLine(name)}, found ${escapeLine(typed)}`,
    { code: 'DECLINED' },
  );
}
