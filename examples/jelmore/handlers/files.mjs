// file_watchers: which files a session has touched.
import { noteHandled } from './handled.mjs';

export default async function files(event) {
  noteHandled('file_watchers', event);
}
