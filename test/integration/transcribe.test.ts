import { pipelineOf } from '../support/pipeline-of.js';
import { expect, test } from 'vitest';
import { recordAbout } from '../../src/lib/journal/record-about.js';
import { writeRecord } from '../../src/lib/journal/write-record.js';
import { Transcriber } from '../../src/lib/routing/transcribe.js';
import { originAt } from '../support/dead-letters.js';
import { advisoryText } from '../support/external.js';
import { testBed } from '../support/pipeline.js';
import { pullMessages } from '../support/pull.js';

test('what two paths hear of at the same time is news to one of them', async () => {
  const bed = await testBed({ consumers: [], external: [{ name: 'rust' }] });
  const count = 20;
  for (let i = 0; i < count; i++) await bed.publish('totp.requested');
  await pullMessages(bed.link, 'events', 'rust', count);
  const { link, config } = bed;
  const paths = ['journal', 'listener'].map(
    (worker) => new Transcriber(pipelineOf(link, config, { identity: { worker } })),
  );
  const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.rust';
  for (let seq = 1; seq <= count; seq++) {
    const data = Buffer.from(advisoryText({ seq }));
    const judged = await Promise.all(paths.map((path) => path.transcribe({ subject, data })));
    expect(judged.map(({ is }) => is).toSorted()).toEqual(['exhaustion', 'known']);
  }
  expect(await bed.journal('MAX_DELIVERIES')).toHaveLength(count);
});

test.each(['present', 'gone'])(
  'an event that a handler of the same name processed before is no news (%s)',
  async (event) => {
    const bed = await testBed({ consumers: [], external: [{ name: 'rust' }] });
    const seq = await bed.publish('totp.requested');
    const origin = await originAt(bed, seq);
    await pullMessages(bed.link, 'events', 'rust', 1);
    const { link, config } = bed;
    const key = { tier: 'business', consumer: 'rust', origin, stage: 'main', cycle: 0 } as const;
    await writeRecord(pipelineOf(link, config), recordAbout(key, { kind: 'RESOLVED', at: '2026-11-29' }));
    if (event === 'gone') await link.deleteMessage('events', seq);
    const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.rust';
    const transcriber = new Transcriber(pipelineOf(link, config));
    const judged = await transcriber.transcribe({ subject, data: Buffer.from(advisoryText({ seq })) });
    expect(judged).toEqual({ is: 'known' });
    expect(await bed.journal('MAX_DELIVERIES')).toEqual([]);
  },
);
