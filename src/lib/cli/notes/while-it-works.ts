import { escapeLine } from '../../domain/escape.js';
import type { LinkWatcher } from '../../nats/link.js';

/** After the first Ctrl-C. */
export const stoppingNote = 'stopping: finishing what has been started; Ctrl-C again ends it at once';

/** Says when the connection is lost, and when it is there again. */
export function connectionNotes(note: (text: string) => void): LinkWatcher {
  return (state) => note(state === 'disconnected' ? 'connection lost; reconnecting' : 'connected again');
}

/** The same where there is more than one connection: which one. */
export function namedConnectionNotes(note: (text: string) => void): LinkWatcher {
  return (state, server) => {
    const which = escapeLine(server);
    note(
      state === 'disconnected' ? `connection to ${which} lost; reconnecting` : `connected to ${which} again`,
    );
  };
}
