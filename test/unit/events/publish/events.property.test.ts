import fc from 'fast-check';
import { headers as natsHeaders, type Msg } from '@nats-io/transport-node';
import { expect } from 'vitest';
import { parseHeaders } from '../../../../src/lib/cli/flags/event-input.js';
import { describeIssues } from '../../../../src/lib/config/schema/standard-schema.js';
import { Reject } from '../../../../src/lib/domain/outcome.js';
import { isSubject } from '../../../../src/lib/domain/subjects.js';
import { UsageError } from '../../../../src/lib/errors.js';
import { findDestination } from '../../../../src/lib/events/publish/destination.js';
import { checkId, type EventHeaders, makeHeaders } from '../../../../src/lib/events/publish/headers.js';
import { encodePayload } from '../../../../src/lib/events/publish/payload.js';
import { EventRegistry, makeEvent, SchemaMismatch } from '../../../../src/lib/handlers/event.js';
import { outcomeOf } from '../../../../src/lib/handlers/invoke.js';
import { Delivery } from '../../../../src/lib/nats/consume/delivery.js';
import { encodeHeaders } from '../../../../src/lib/nats/wire/headers.js';
import { headerOf, headersOf } from '../../../../src/lib/nats/wire/message.js';
import { makeConfig } from '../../../support/config.js';
import { hostileText, nearly, oddJson } from '../../../support/hostile.js';
import { property } from '../../../support/property.js';

const both = ['accepted', 'refused'];
const config = makeConfig();

/** What it returns, or the UsageError that it throws; anything else that is thrown ends the test. */
function refusing<T>(seen: (branch: string) => void, work: () => T): T | undefined {
  try {
    const value = work();
    seen('accepted');
    return value;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    seen('refused');
    return undefined;
  }
}

const name = fc.oneof(
  fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,9}$/),
  fc.constantFrom('__proto__', 'Event-Type'),
);
const written = fc.tuple(name, fc.constantFrom(':', ': '), hostileText).map((parts) => parts.join(''));

property('headers of the command line become headers of a message, or are refused', both, (seen) =>
  fc.property(fc.array(nearly(written), { maxLength: 3 }), (texts) => {
    const found = refusing(seen, () => makeHeaders('totp.requested', parseHeaders(texts)));
    if (!found) return;
    const sent = natsHeaders();
    for (const [name, values] of Object.entries(found))
      for (const one of [values].flat()) sent.append(name, one);
    expect(Object.keys(headersOf(sent))).toEqual(Object.keys(found));
    sent.append('Nats-Msg-Id', 'id');
    const client = (sent as unknown as { encode(): Uint8Array }).encode();
    expect(Buffer.compare(Buffer.from(encodeHeaders(found, { msgId: 'id' })), client)).toBe(0);
  }),
);

property('headers that a program gives are taken, or refused with a typed error', both, (seen) => {
  const value = fc.oneof(hostileText, fc.array(hostileText, { maxLength: 2 }), oddJson);
  return fc.property(fc.dictionary(nearly(name), value, { maxKeys: 3 }), (given) => {
    const found = refusing(seen, () => makeHeaders('t', given as EventHeaders));
    for (const values of Object.values(found ?? {})) {
      for (const one of [values].flat()) expect(one).not.toMatch(/[\r\n\0]/);
    }
  });
});

property('an id is one line that is not blank, or refused', both, (seen) =>
  fc.property(nearly(fc.uuid()), (id) => {
    if (refusing(seen, () => checkId(id) ?? true)) expect(id).toMatch(/^[^\r\n\0]*\S[^\r\n\0]*$/);
  }),
);

property('a type leads to a subject of the events stream, or is refused', both, (seen) =>
  fc.property(nearly(fc.constantFrom('totp.requested', 'events.totp.requested', 'events.x.y')), (text) => {
    const found = refusing(seen, () => findDestination(config, text));
    if (!found) return;
    expect(isSubject(found.subject)).toBe(true);
    expect(found.subject).toMatch(/^events\./);
    expect(found.type).not.toBe('');
  }),
);

property('data becomes bytes that are read back as the same, or is refused', both, (seen) =>
  fc.property(fc.oneof(oddJson, fc.anything({ withBigInt: true })), (data) => {
    const bytes = refusing(seen, () => encodePayload(data));
    if (!bytes || data === undefined || typeof data === 'string' || data instanceof Uint8Array) return;
    expect(JSON.stringify(JSON.parse(Buffer.from(bytes).toString()))).toBe(JSON.stringify(data));
  }),
);

property('a payload is decoded for the handler, or rejected for good', both, (seen) => {
  const schema = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) => (value === null ? { issues: [{ message: 'null' }] } : { value }),
    },
  };
  const strict = new EventRegistry({ ...config, events: [{ type: 't', subject: 'events.t', schema }] });
  const loose = new EventRegistry(config);
  const bytes = fc.oneof(
    oddJson.map((value) => Buffer.from(JSON.stringify(value))),
    fc.uint8Array({ maxLength: 30 }),
    nearly(fc.json()).map((text) => Buffer.from(text)),
  );
  return fc.asyncProperty(bytes, fc.boolean(), async (data, checked) => {
    const message = {
      stream: 'events',
      subject: 'events.t',
      seq: 1,
      time: '5',
      data,
      headers: {},
      msgId: undefined,
    };
    try {
      const event = await makeEvent(message, checked ? strict : loose);
      void event.data;
      expect(Buffer.compare(event.raw, data)).toBe(0);
      seen('accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(checked ? SchemaMismatch : Reject);
      expect(outcomeOf(error)).toMatchObject({
        kind: 'failed',
        failure: { kind: checked ? 'schema' : 'rejected' },
      });
      seen('refused');
    }
  });
});

property('whatever a handler throws is an outcome', () => {
  const brand = fc.constantFrom(Symbol.for('plutomi-events.Snooze'), Symbol.for('plutomi-events.Reject'));
  const branded = fc
    .tuple(brand, fc.anything({ withBigInt: true, withDate: true }), hostileText)
    .map(([brand, delay, message]) => ({ [brand]: true, delay, message }));
  return fc.property(
    fc.oneof(branded, fc.anything({ withBigInt: true, withNullPrototype: true })),
    (thrown) => {
      const outcome = outcomeOf(thrown);
      expect(['failed', 'snoozed']).toContain(outcome.kind);
      if (outcome.kind === 'snoozed') expect(outcome.delayMs).toBeGreaterThanOrEqual(0);
      else expect(JSON.stringify(outcome)).toContain('fingerprint');
    },
  );
});

property('the issues of any schema are told in words', () =>
  fc.property(
    fc.array(
      fc.record({ message: hostileText, path: fc.array(fc.anything({ maxDepth: 1 }), { maxLength: 2 }) }),
      {
        maxLength: 2,
      },
    ),
    (issues) => {
      expect(typeof describeIssues(issues as Parameters<typeof describeIssues>[0])).toBe('string');
    },
  ),
);

const ackSubject = fc
  .tuple(fc.stringMatching(/^[a-z-]{1,8}$/), fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.boolean())
  .map(([name, delivered, seq, cseq, pending, newer]) =>
    ['$JS.ACK', ...(newer ? ['_', 'hash'] : []), 'events', name, delivered, seq, cseq, '17', pending].join(
      '.',
    ),
  );

property('a message is a delivery with exact numbers, or none', both, (seen) =>
  fc.property(nearly(ackSubject), (reply) => {
    const found = Delivery.from({ subject: 's', reply, data: new Uint8Array() } as unknown as Msg);
    seen(found ? 'accepted' : 'refused');
    if (!found) return;
    for (const one of [found.seq, found.deliveries, found.consumerSeq, found.pending]) {
      expect(Number.isSafeInteger(one) && one >= 0).toBe(true);
    }
    expect(found.time).toMatch(/^\d{1,20}$/);
  }),
);

property(
  'a header is found under any case of its name, and never one that is not there',
  ['found', 'none'],
  (seen) =>
    fc.property(
      fc.dictionary(nearly(name), fc.array(hostileText, { maxLength: 2 })),
      nearly(name),
      (headers, wanted) => {
        const found = headerOf(headers, wanted);
        seen(found === undefined ? 'none' : 'found');
        const there = Object.entries(headers).filter(([name]) => name.toLowerCase() === wanted.toLowerCase());
        if (found === undefined) return;
        expect(there.map(([, values]) => values[0])).toContain(found);
      },
    ),
);
