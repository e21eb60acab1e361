import { CLIError } from '@oclif/core/errors';
import { escapeJson } from '../../domain/escape.js';
import { PlutomiError } from '../../errors.js';
import type { Colors } from '../../render/colors.js';
import { hanging } from '../../render/hanging.js';
import type { Caller } from '../../render/suggestion.js';
import { callerOf } from './caller.js';
import { describeError } from './describe-error.js';

const margin = 'Error: '.length;

export interface ReportOptions {
  /** The error is the result: as JSON on stdout. An interruption is none. */
  readonly json: boolean;
  readonly commandId?: string | undefined;
  /** Default: nothing is known but the name of this program. */
  readonly caller?: Caller | undefined;
  /** For stderr. */
  readonly colors: Colors;
}

/** The message after `Error: `, broken between words where it is wider than the terminal. Commands stay whole: they are copied. */
function fitted(message: string, width = Number.POSITIVE_INFINITY): string {
  const [first = '', ...more] = message.split('\n');
  const further = more.map((line) => {
    const indent = line.length - line.trimStart().length;
    return line.slice(0, indent) + hanging(indent, line.slice(indent), width);
  });
  return [hanging(margin, first, width), ...further].join('\n');
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
  let text = `${colors.red('Error:')} ${fitted(message, process.stderr.columns)}\n`;
  for (const suggestion of suggestions) text += `  ${colors.dim('→')} ${suggestion}\n`;
  process.stderr.write(text);
}
