import type { LinkWatcher } from '../../nats/link.js';

/** After the first Ctrl-C. */
export const stoppingNote = 'stopping: finishing what has been started; Ctrl-C again ends it at once';

/** Says when the connection is lost, and when it is there again. */
export function connectionNotes(note: (text: string) => void): LinkWatcher {
  return (state) => note(state === 'disconnected' ? 'connection lost; reconnecting' : 'connected again');
}
