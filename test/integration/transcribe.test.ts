import { expect, test } from 'vitest';
import { Transcriber } from '../../src/lib/routing/transcribe.js';
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
    (worker) => new Transcriber({ link, config, worker, now: Date.now }),
  );
  const subject = '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.rust';
  for (let seq = 1; seq <= count; seq++) {
    const data = Buffer.from(advisoryText({ seq }));
    const judged = await Promise.all(paths.map((path) => path.transcribe({ subject, data })));
    expect(judged.map(({ is }) => is).toSorted()).toEqual(['exhaustion', 'known']);
  }
  expect(await bed.journal('MAX_DELIVERIES')).toHaveLength(count);
});
