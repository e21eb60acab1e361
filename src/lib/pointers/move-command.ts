import { type OwnCommand, suggestCommand } from '../suggestion.js';

/** What to run about the pointers of a consumer that the config no longer has. */
export function moveCommand(consumer: string, why: string, to?: string): OwnCommand {
  const move = to === undefined ? { before: `${consumer}=`, blank: 'its new name' } : `${consumer}=${to}`;
  return suggestCommand('pipeline apply', { flags: { 'move-dead-letters': move }, why });
}
