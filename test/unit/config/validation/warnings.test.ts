import { describe, expect, test } from 'vitest';
import { validated, withMailer, withStreams } from '../valid-config.js';

describe('warnings', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['a limit that evicts events', { events: { maxBytes: '1GB' } }, ['streams.events.maxBytes']],
    ['a count that evicts events', { events: { maxMsgs: 5 } }, ['streams.events.maxMsgs']],
    ['a limit that refuses instead', { events: { maxBytes: '1GB', discard: 'new' } }, []],
    ['a limit that evicts records', { advisories: { maxBytes: '1GB' } }, ['streams.advisories.maxBytes']],
    ['memory', { dlq: { storage: 'memory' } }, ['streams.dlq.storage']],
    ['limits on retry and dlq', { dlq: { maxBytes: '1GB' }, retry: { maxMsgs: 9 } }, []],
    ['events that outlive the journal', { events: { maxAge: '31d' } }, ['streams.advisories.maxAge']],
    ['events for ever', { events: { maxAge: '0s' } }, ['streams.advisories.maxAge']],
    ['both for ever', { events: { maxAge: '0s' }, advisories: { maxAge: '0s' } }, []],
    ['dead letters that end', { dlq: { maxAge: '30d' } }, ['streams.dlq.maxAge']],
    ['a number of replicas that is even', { dlq: { replicas: 2 } }, ['streams.dlq.replicas']],
  ])('%s', async (_, streams, paths) => {
    const { problems, warnings } = await validated(withStreams(streams));
    expect(problems).toEqual([]);
    expect(warnings.map((warning) => warning.path)).toEqual(paths);
  });

  test('of the retry stage, whose ack wait is not for the config to say', async () => {
    const mailer = { timeout: '1s', ackWait: '1s', backoff: [], retry: { delay: '1s', backoff: [] } };
    const streams = { events: { maxAge: '9s' }, advisories: { maxAge: '30s' } };
    const meta = { backoff: [], ackWait: '1s' };
    const { warnings } = await validated({ ...withMailer(mailer), streams, meta, replicas: 4 });
    expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'streams.events.maxAge: a retry whose worker died is delivered again after 30s: by then its event is gone',
      'streams.advisories.maxAge: a retry whose worker died is delivered again after 30s: by then the journal has forgotten that it was tried',
      'replicas: 4 replicas survive the loss of no more nodes than 3 would, but need one more to be up; use 5 or 3',
    ]);
  });
});
