import { setTimeout as sleep } from 'node:timers/promises';
import { insistently } from '../admin.mjs';
import { between, shuffled } from '../random.mjs';

const victims = [
  ['events', 'billing'],
  ['events-retry', 'billing-retry'],
  ['events-dlq', 'billing-dlq'],
  ['events-advisories', 'meta-consumer'],
  ['events', 'audit'],
];

/** Consumers are deleted on the server; `pipeline run --apply` ends, is started again and makes them anew. */
export const deleted = {
  name: 'deleted',
  on: ['single', 'cluster'],
  runWords: ['--apply'],
  async faults({ admin, random, endsAt, fault }) {
    for (const [stream, consumer] of shuffled(random, victims)) {
      if (Date.now() >= endsAt) return;
      await insistently(() => admin.jsm.consumers.delete(stream, consumer));
      fault(`deleted ${consumer}`);
      await insistently(() => admin.jsm.consumers.info(stream, consumer));
      fault(`${consumer} is back`);
      await sleep(between(random, 500, 2000));
    }
  },
};
