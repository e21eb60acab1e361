import { clipText } from '../domain/escape.js';
import { messageOf, OperationError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { suggestCommand } from '../suggestion.js';
import { logDone } from './operation-log.js';

const longestNote = 200;

/**
 * With `audit.reads`: stores who is about to look at payloads, and which. What can't be stored is not shown.
 *
 * Throws OperationError `NOT_LOGGED`.
 */
export async function logRead(
  pipeline: Pipeline,
  what: string,
  consumers: readonly string[] = [],
): Promise<void> {
  if (pipeline.config.audit?.reads !== true) return;
  try {
    await logDone(pipeline, { did: 'read payloads', consumers, note: clipText(what, longestNote) });
  } catch (error) {
    throw new OperationError(`payloads are not shown, since that could not be logged: ${messageOf(error)}`, {
      code: 'NOT_LOGGED',
      cause: error,
      suggestions: [
        suggestCommand('pipeline permissions', { flags: { role: 'viewer' }, note: 'what this user needs' }),
      ],
    });
  }
}
