import { describe, expect, test } from 'vitest';
import { OperationError } from '../../../../src/lib/errors.js';
import {
  copiesOf,
  PartlyPublishedError,
  publishAll,
  type PublishSettler,
} from '../../../../src/lib/events/publish/publish-many.js';
import type { OutgoingEvent, PublishResult } from '../../../../src/lib/events/publish/outgoing.js';

const copies = (count: number) => copiesOf({ type: 'x', id: 'id' }, count);
const answer = (event: OutgoingEvent, duplicate = false): PublishResult => ({
  stream: 'events',
  seq: Number(event.id?.slice(3)),
  duplicate,
  msgId: event.id ?? '',
});

const full = new OperationError('full', { code: 'STORE_FULL' });
const stores = (event: OutgoingEvent, settle: PublishSettler) => queueMicrotask(() => settle(answer(event)));
const refuses = (_: OutgoingEvent, settle: PublishSettler) => settle(full);
async function* one(): AsyncGenerator<OutgoingEvent> {
  yield { type: 'x', id: 'id-3' };
}

describe('publishAll', () => {
  test('keeps to its window, and adds up', async () => {
    let running = 0;
    let most = 0;
    const publish = (event: OutgoingEvent, settle: PublishSettler): void => {
      most = Math.max(most, ++running);
      setImmediate(() => {
        running--;
        settle(answer(event, event.id === 'id-7'));
      });
    };
    expect(await publishAll(copies(1000), publish, 'events', { inFlight: 16 })).toEqual({
      stream: 'events',
      count: 1000,
      firstSeq: 1,
      lastSeq: 1000,
      duplicates: 1,
    });
    expect(most).toBe(16);
  });

  test('takes an async source, and none at all', async () => {
    expect(await publishAll(one(), stores, 'events', {})).toMatchObject({ count: 1, firstSeq: 3 });
    expect(await publishAll([], stores, 'events', {})).toEqual({
      stream: 'events',
      count: 0,
      firstSeq: 0,
      lastSeq: 0,
      duplicates: 0,
    });
  });

  test('stops at a failure, and says how many are stored', async () => {
    const seen: string[] = [];
    const publish = (event: OutgoingEvent, settle: PublishSettler): void => {
      seen.push(event.id ?? '');
      setImmediate(() => settle(event.id === 'id-5' ? full : answer(event)));
    };
    const thrown: unknown = await publishAll(copies(1000), publish, 'events', { inFlight: 2 }).catch(
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(PartlyPublishedError);
    expect(thrown).toMatchObject({ code: 'PARTLY_PUBLISHED', exitCode: 5, cause: { code: 'STORE_FULL' } });
    const { published } = thrown as PartlyPublishedError;
    expect(published).toBe(seen.length - 1);
    expect(seen.length).toBeLessThan(10);
  });

  test('a failure before anything is stored is told as it is', async () => {
    await expect(publishAll(copies(10), refuses, 'events', {})).rejects.toMatchObject({ code: 'STORE_FULL' });
  });

  test.each([0, -1, 1.5, Number.NaN])('a window of %d is refused', async (inFlight) => {
    await expect(publishAll(copies(1), stores, 'events', { inFlight })).rejects.toMatchObject({
      exitCode: 2,
    });
  });
});
