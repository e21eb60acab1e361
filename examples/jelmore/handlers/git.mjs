// git_monitors: tells a git service, which may be away.
import { existsSync } from 'node:fs';
import { noteHandled } from './handled.mjs';

export default async function git(event) {
  if (event.data.operation === 'push' && existsSync('git-service-is-down')) {
    throw new Error('git service: 503 Service Unavailable');
  }
  noteHandled('git_monitors', event);
}
