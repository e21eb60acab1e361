import type { Pointer } from '../../domain/pointer.js';
import { isoOfMs } from '../../domain/time.js';
import { messageOf } from '../../errors.js';
import { concurrently } from '../../flow/concurrently.js';
import { lastRecords } from '../../journal/read.js';
import { recordAbout } from '../../journal/record-about.js';
import { writeRecord } from '../../journal/write-record.js';
import { TooLargeError } from '../../nats/errors.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { keptKey } from '../../pointers/kept/kept-key.js';
import { keepOriginal } from '../../pointers/kept/store-kept.js';
import { fetchOriginal, isOriginal } from '../../pointers/original.js';

/** What came of it. */
export interface KeptCount {
  readonly kept: number;
  readonly notKept: readonly { readonly pointer: Pointer; readonly error: string }[];
}

/** Payloads that are in memory at the same time: so many, of so many chunks. */
const [chunkSize, chunksAtOnce] = [128, 4];

/**
 * Keeps the originals of these pointers, of those that are there and were not kept before: first the event, then KEPT in
 * the journal. Both can be repeated, by several processes at once too.
 */
export async function keepOriginals(pipeline: Pipeline, pointers: readonly Pointer[]): Promise<KeptCount> {
  const notKept: { pointer: Pointer; error: string }[] = [];
  let kept = 0;
  const known = await lastRecords(
    pipeline,
    pointers.map((pointer) => [keptKey(pointer), 'KEPT']),
  );
  const unknown = pointers.filter((_, i) => known[i] === undefined);
  const keepSome = async (wanted: readonly Pointer[]): Promise<void> => {
    const near = await readNear(pipeline, wanted);
    await Promise.all(
      wanted.map(async (pointer) => {
        try {
          if (await keepOne(pipeline, pointer, near.get(pointer))) kept++;
        } catch (error) {
          // All else concerns the stream, and not this event.
          if (!(error instanceof TooLargeError)) throw error;
          notKept.push({ pointer, error: messageOf(error) });
        }
      }),
    );
  };
  const chunks: Pointer[][] = [];
  for (let from = 0; from < unknown.length; from += chunkSize)
    chunks.push(unknown.slice(from, from + chunkSize));
  // One is read while others are written.
  await concurrently(chunks, chunksAtOnce, keepSome);
  return { kept, notKept };
}

async function readNear(
  { link }: Pipeline,
  pointers: readonly Pointer[],
): Promise<ReadonlyMap<Pointer, StoredMessage>> {
  const found = new Map<Pointer, StoredMessage>();
  const byStream = new Map<string, Pointer[]>();
  for (const pointer of pointers) {
    const own = byStream.get(pointer.origin.stream);
    if (own) own.push(pointer);
    else byStream.set(pointer.origin.stream, [pointer]);
  }
  await Promise.all(
    [...byStream].map(async ([stream, own]) => {
      const messages = new Map<number, StoredMessage>();
      const seqs = own.map(({ origin }) => origin.seq);
      await link.readEach(stream, seqs, (message) => messages.set(message.seq, message));
      for (const pointer of own) {
        const message = messages.get(pointer.origin.seq);
        if (message && isOriginal(message, pointer.origin)) found.set(pointer, message);
      }
    }),
  );
  return found;
}

/** False: it is gone, or was kept before. */
async function keepOne(
  pipeline: Pipeline,
  pointer: Pointer,
  near: StoredMessage | undefined,
): Promise<boolean> {
  const { consumer, origin } = pointer;
  let message = near;
  if (!message) {
    const original = await fetchOriginal(pipeline.link, origin);
    if (original.state !== 'present') return false;
    message = original.message;
  }
  const { headers, data } = message;
  const isNew = await keepOriginal(pipeline, { consumer, origin, headers, data });
  const { clock, identity } = pipeline;
  const facts = { kind: 'KEPT', at: isoOfMs(clock.now()), worker: identity.worker } as const;
  await writeRecord(pipeline, recordAbout(keptKey(pointer), facts));
  return isNew;
}
