import { expect, test } from 'vitest';
import type { ConsumerInfo } from '../../../src/lib/nats/objects.js';
import { describeSilence, endOfSilence, silenceOf } from '../../../src/lib/nats/silence.js';

function info(facts: object, config: object = {}): ConsumerInfo {
  return {
    stream_name: 'events',
    name: 'billing',
    ts: '2026-01-31T12:00:00Z',
    config,
    ...facts,
  } as ConsumerInfo;
}

test.each<[string, ConsumerInfo, string | undefined, string | undefined]>([
  ['nothing', info({}), undefined, undefined],
  ['a pause that is over', info({}, { pause_until: '2026-01-01T00:00:00Z' }), undefined, undefined],
  [
    'a pause',
    info({ paused: true }, { pause_until: '2036-01-01T00:00:00Z' }),
    'is paused until 2036-01-01T00:00:00Z: the server delivers nothing until then',
    'nats consumer resume events billing',
  ],
  [
    'a start that is to come',
    info({}, { deliver_policy: 'by_start_time', opt_start_time: '2026-02-01T00:00:00Z' }),
    'starts at 2026-02-01T00:00:00Z: the server delivers nothing until then',
    undefined,
  ],
  [
    'a start that has been',
    info({}, { deliver_policy: 'by_start_time', opt_start_time: '2026-01-31T12:00:00Z' }),
    undefined,
    undefined,
  ],
  [
    'priority groups',
    info({}, { priority_policy: 'overflow', priority_groups: ['a'] }),
    'has priority groups (a), which somebody else has set: the server delivers nothing to this pipeline',
    'nats consumer edit events billing',
  ],
  ['no policy', info({}, { priority_policy: 'none', priority_groups: ['a'] }), undefined, undefined],
])('%s', (_, given, text, command) => {
  const silence = silenceOf(given);
  expect(silence && describeSilence(silence)).toBe(text);
  expect(silence && endOfSilence(silence, given)).toBe(command);
});
