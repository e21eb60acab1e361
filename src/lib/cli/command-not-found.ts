import type { Hook } from '@oclif/core/interfaces';
import { closest } from '../domain/closest.js';
import { escapeLine } from '../domain/escape.js';

/** An unknown command: exit 2, with the nearest one that exists. */
const hook: Hook.CommandNotFound = async (options) => {
  const typed = options.id.replaceAll(':', ' ');
  const known = options.config.commandIDs.map((id) => id.replaceAll(':', ' '));
  const near = closest(typed, known);
  const message = `unknown command "${escapeLine(typed)}"`;
  const suggestions = [near ? `did you mean: plutomi-events ${near}` : 'plutomi-events --help'];
  process.exitCode = 2;
  if (options.argv?.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ error: { code: 'UNKNOWN_COMMAND', message, suggestions } })}\n`);
    return;
  }
  process.stderr.write(`Error: ${message}\n  → ${suggestions[0]}\n`);
};

export default hook;
