import { expect, test } from 'vitest';
import { updateStream } from '../../src/lib/nats/objects.js';
import { readStream } from '../../src/lib/nats/read/read-stream.js';
import { versionAtLeast } from '../../src/lib/nats/server-version.js';
import { eventually } from '../support/eventually.js';
import { testBed } from '../support/pipeline.js';

const consumer = 'notifications-consumer';

test('delete markers and schedules are skipped and told, whoever reads them; what a schedule makes is an event', async ({
  skip,
}) => {
  const bed = await testBed();
  const { link } = bed;
  skip(!versionAtLeast(link.serverVersion, '2.12.0'), 'this server has no schedules');
  const marked = {
    max_age: 1_000_000_000,
    duplicate_window: 1_000_000_000,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: 60_000_000_000,
  };
  await updateStream(link, 'events', { ...marked, allow_msg_schedules: true });
  await updateStream(link, 'events-advisories', marked);

  // What aged out leaves a marker.
  await link.publish('events.short', '{"n":1}');
  await link.publish(`events-advisories.business.MAX_DELIVERIES.${consumer}.7.main.0`, '{}');
  const isMarked = async (stream: string, subject: string): Promise<boolean> =>
    (await link.readLast(stream, subject))?.headers['Nats-Marker-Reason'] !== undefined;
  await eventually('both have their markers', async () =>
    (
      await Promise.all([
        isMarked('events', 'events.short'),
        isMarked('events-advisories', 'events-advisories.>'),
      ])
    ).every(Boolean),
  );
  const longer = { max_age: 3_600_000_000_000 };
  await updateStream(link, 'events', longer);
  await updateStream(link, 'events-advisories', longer);
  const at = new Date(Date.now() + 1000).toISOString();
  await link.publish('events.planned.job', '{"n":2}', {
    headers: { 'Nats-Schedule': `@at ${at}`, 'Nats-Schedule-Target': 'events.job' },
  });

  const seen: unknown[] = [];
  const run = await bed.run({ [consumer]: ({ subject, data }) => void seen.push([subject, data]) });
  await eventually('what the schedule made is handled', () => seen.length > 0, 20_000);
  await bed.quiet();
  expect(seen).toEqual([['events.job', { n: 2 }]]);
  const skipped = run.events.flatMap((event) =>
    event.type === 'skipped' ? [`${event.consumer}: ${event.what}`] : [],
  );
  expect(new Set(skipped)).toEqual(
    new Set([
      `${consumer}: a delete marker (MaxAge)`,
      `${consumer}: a schedule`,
      'meta-consumer: a delete marker (MaxAge)',
    ]),
  );
  expect(run.events.filter(({ type }) => type === 'exhausted' || type === 'dead-letter')).toEqual([]);
  const journal: string[] = [];
  for await (const { subject } of readStream(link, { stream: 'events-advisories', filters: ['>'] }))
    journal.push(subject);
  expect(journal).toEqual([]);
});
