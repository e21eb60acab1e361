// session_handlers: everything that happens in a session, in any number of instances.
import { broken } from '../../kit/index.mjs';
import { noteHandled } from './handled.mjs';

export default async function sessions(event) {
  // EXAMPLE_BREAK=drop: it says that it is done, and has done nothing.
  if (broken && event.id === 'session-1-2') return;
  noteHandled('session_handlers', event);
}
