// Keeps the applicants of each tenant searchable: in MeiliSearch (MEILI_URL, MEILI_KEY), or else in a local file.
import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Reject } from 'plutomi-events';

const { MEILI_URL, MEILI_KEY, SEARCH_FILE = 'search.ndjson' } = process.env;

export default async function search(event, context) {
  const { tenant, applicant, ...fields } = event.data;
  // An index for each tenant: no search can find what is of another one.
  const index = `applicants-${tenant}`;
  const document = { id: applicant, ...fields };
  if (MEILI_URL) await indexInMeili(index, document, context.signal);
  else await appendFile(SEARCH_FILE, `${JSON.stringify({ index, document })}\n`);
}

/** PUT merges the fields into the document that is there, so that the same event twice changes nothing. */
async function indexInMeili(index, document, signal) {
  const { taskUid } = await meili(`/indexes/${index}/documents?primaryKey=id`, {
    method: 'PUT',
    body: JSON.stringify([document]),
    signal,
  });
  // MeiliSearch has only queued it: what became of it stands in the task.
  for (let waitMs = 10; ; waitMs = Math.min(2 * waitMs, 500)) {
    const { status, error } = await meili(`/tasks/${taskUid}`, { signal });
    if (status === 'succeeded') return;
    if (status === 'failed' || status === 'canceled') throw refusal(error);
    await delay(waitMs, undefined, { signal });
  }
}

async function meili(path, options) {
  const response = await fetch(new URL(path, MEILI_URL), {
    ...options,
    headers: {
      'content-type': 'application/json',
      ...(MEILI_KEY ? { authorization: `Bearer ${MEILI_KEY}` } : {}),
    },
  });
  if (response.ok) return response.json();
  throw new Error(`MeiliSearch answers ${response.status}: ${await response.text()}`);
}

/** What is wrong with a document stays wrong: no retry can change that. */
function refusal({ code = 'unknown', message = 'the task failed', type } = {}) {
  return type === 'invalid_request' ? new Reject(`${code}: ${message}`) : new Error(`${code}: ${message}`);
}
