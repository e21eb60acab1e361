import type { Link } from '../link.js';
import { serverNoteIn, type StoredMessage } from '../wire/message.js';
import { readPages } from './read-stream.js';
import { versionAtLeast } from '../server-version.js';

/** Most messages, and bytes, of one question: for each the server looks once at what is in the way. */
const batch = 1024;
const maxBytes = 4_194_304;
/** Parts of a queue that are read side by side where one question reads one message. */
const lanes = 64;

export type Pages = AsyncGenerator<readonly StoredMessage[], void>;

/**
 * All messages of a stream, `from` a sequence on (default: 1), up to what is its last now, each once and in order, in pages: by batches of direct reads,
 * which any replica answers, where the server has them (2.11); what is left, or was not there yet, as `readPages`.
 * What is stored or removed meanwhile may be missing or not.
 */
export async function* readBatches(link: Link, stream: string, from = 1): Pages {
  const state = (await link.streamInfo(stream))?.state;
  if (!state || state.messages === 0 || state.last_seq < from) return;
  const next = yield* readDirectly(link, stream, Math.max(from, state.first_seq), state.last_seq);
  if (next > state.last_seq) return;
  const options = { stream, filters: ['>'], from: { seq: next }, lastSeq: state.last_seq };
  for await (const { messages } of readPages(link, options)) yield messages;
}

/**
 * The same of a workqueue, which gives each message to one consumer and lets no other read along: what is left is
 * read one by one from the leader.
 */
export async function* readQueue(link: Link, stream: string, from = 1): Pages {
  const state = (await link.streamInfo(stream))?.state;
  if (!state || state.messages === 0 || state.last_seq < from) return;
  const next = yield* readDirectly(link, stream, Math.max(from, state.first_seq), state.last_seq);
  yield* readOneByOne(link, stream, next, state.last_seq);
}

/** Gives the sequence from which on nothing was read. The next page is on its way while one is looked at. */
async function* readDirectly(
  link: Link,
  stream: string,
  first: number,
  last: number,
): AsyncGenerator<readonly StoredMessage[], number> {
  let next = first;
  if (!versionAtLeast(link.serverVersion, '2.11.0')) return next;
  let coming = readBatch(link, stream, next);
  for (;;) {
    const page = await coming;
    const end = page.at(-1)?.seq;
    if (end === undefined) return next;
    next = end + 1;
    if (next <= last) coming = readBatch(link, stream, next);
    yield* withoutNotes(page);
    if (next > last) return next;
  }
}

/** Empty where this server, this stream or this user has no such reads: the leader then says what there is. */
async function readBatch(link: Link, stream: string, from: number): Promise<readonly StoredMessage[]> {
  const page: StoredMessage[] = [];
  await link
    .readDirectFrom(stream, from, batch, maxBytes, (message) => {
      if (message.seq >= from && message.seq > (page.at(-1)?.seq ?? 0)) page.push(message);
    })
    .catch(() => {});
  return page;
}

async function* readOneByOne(link: Link, stream: string, from: number, to: number): Pages {
  const width = Math.max(1, Math.ceil((to - from + 1) / lanes));
  let open: { readonly next: number; readonly last: number }[] = [];
  for (let first = from; first <= to; first += width) {
    open.push({ next: first, last: Math.min(first + width - 1, to) });
  }
  while (open.length > 0) {
    const found = await Promise.all(open.map(({ next }) => link.readNext(stream, '>', next)));
    const page: StoredMessage[] = [];
    open = open.flatMap(({ last }, i) => {
      const message = found[i];
      if (!message || message.seq > last) return [];
      page.push(message);
      return message.seq === last ? [] : [{ next: message.seq + 1, last }];
    });
    yield* withoutNotes(page);
  }
}

/** What the server keeps in the stream for itself is of no interest. */
function* withoutNotes(page: readonly StoredMessage[]): Generator<readonly StoredMessage[], void> {
  const messages = page.filter((message) => serverNoteIn(message) === undefined);
  if (messages.length > 0) yield messages;
}
