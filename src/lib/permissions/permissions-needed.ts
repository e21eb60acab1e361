import type { PlutomiError } from '../errors.js';
import { NotAllowedError } from '../nats/errors.js';
import { type Suggestion, suggestCommand } from '../suggestion.js';
import { roleFor } from './role.js';

/** How to print the permissions of the role that does what a command was refused; none of any other error. */
export function permissionsNeeded(error: PlutomiError, command: string): Suggestion[] {
  if (!(error instanceof NotAllowedError) || error.subject === undefined) return [];
  const role = roleFor(command, error.subject);
  if (role === undefined) return [];
  return [suggestCommand('pipeline permissions', { flags: { role }, note: 'what a user needs for this' })];
}
