// What a group has done, a line for each event: in the place of a database.
import { appendFileSync } from 'node:fs';

export function noteHandled(group, { id, type, envelope }) {
  const line = { group, id, type, session: envelope?.session_id, retries: envelope?.retry_count };
  appendFileSync('handled.ndjson', `${JSON.stringify(line)}\n`);
}
