import { encodePointer, type Pointer, pointerHeaders } from '../../src/lib/domain/pointer.js';
import type { Origin } from '../../src/lib/domain/key.js';
import { headerOf, msgIdHeader } from '../../src/lib/nats/wire/message.js';
import { readStream } from '../../src/lib/nats/read/read-stream.js';
import { type Ground, makePointer } from './dead-letters.js';

const atOnce = 500;

async function inBatches(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 1; from <= count; from += atOnce) {
    const size = Math.min(atOnce, count - from + 1);
    await Promise.all(Array.from({ length: size }, (_, i) => work(from + i)));
  }
}

/** Publishes `count` events and puts each into the DLQ without running anything; fast, for thousands of them. */
export async function buryMany(bed: Ground, count: number, overrides: Partial<Pointer> = {}): Promise<void> {
  const { link, config } = bed;
  await inBatches(count, (n) => link.publish(`${config.eventsRoot}.totp.requested`, `{"n":${n}}`));
  const origins: Origin[] = [];
  const { name: stream } = config.streams.events;
  for await (const { seq, subject, time, headers } of readStream(link, { stream, filters: ['>'] })) {
    const msgId = headerOf(headers, msgIdHeader);
    origins.push({ stream, seq, subject, time, ...(msgId === undefined ? {} : { msgId }) });
  }
  await inBatches(count, (n) => {
    const pointer = makePointer(origins[n - 1] as Origin, overrides);
    return link.publish(
      `${config.roots.dlq}.${pointer.consumer}.${pointer.origin.seq}`,
      encodePointer(pointer),
      {
        headers: pointerHeaders(pointer),
      },
    );
  });
}
