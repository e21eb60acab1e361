import { CLIError } from '@oclif/core/errors';
import { escapeJson } from '../../domain/escape.js';
import { PlutomiError } from '../../errors.js';
import type { Colors } from '../../render/colors.js';
import type { Caller } from '../../render/suggestion.js';
import { callerOf } from './caller.js';
import { describeError } from './describe-error.js';

export interface ReportOptions {
  /** The error is the result: as JSON on stdout. An interruption is none. */
  readonly json: boolean;
  readonly commandId?: string | undefined;
  /** Default: nothing is known but the name of this program. */
  readonly caller?: Caller | undefined;
  /** For stderr. */
  readonly colors: Colors;
}

/** Says what went wrong, and sets the exit code. */
export function reportError(
  error: Error,
  { json, commandId, colors, caller = callerOf() }: ReportOptions,
): void {
  if (error instanceof CLIError && error.oclif.exit === 0) return;
  const { exitCode, code, message, suggestions } = describeError(error, commandId, caller);
  process.exitCode = exitCode;
  if (json && !(error instanceof PlutomiError && error.exitCode === 130)) {
    process.stdout.write(`${escapeJson(JSON.stringify({ error: { code, message, suggestions } }))}\n`);
    return;
  }
  let text = `${colors.red('Error:')} ${message}\n`;
  for (const suggestion of suggestions) text += `  ${colors.dim('→')} ${suggestion}\n`;
  process.stderr.write(text);
}
