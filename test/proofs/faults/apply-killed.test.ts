import { overLink, pipelineOf } from '../../support/pipeline-of.js';
import { describe, expect, it } from 'vitest';
import type { Link } from '../../../src/lib/nats/link.js';
import { createStream } from '../../../src/lib/nats/objects.js';
import { applyPlan, planTopology } from '../../../src/lib/topology/apply.js';
import { isPending } from '../../../src/lib/topology/diff/diff.js';
import { applyTopology, makeConfig } from '../../support/config.js';
import { connectTo } from '../../support/connect.js';
import { startNats } from '../../support/nats-server.js';

class Killed extends Error {}

const writes: readonly PropertyKey[] = ['add', 'update', 'delete'];

/** A link whose process dies in place of write number `survived + 1`. */
function dyingAfter(link: Link, survived: number): Link {
  let left = survived;
  const watched = <T extends object>(api: T): T =>
    new Proxy(api, {
      get(target, name, receiver) {
        const found: unknown = Reflect.get(target, name, receiver);
        if (typeof found !== 'function') return found;
        return (...given: unknown[]) => {
          if (writes.includes(name) && left-- <= 0) throw new Killed();
          return found.apply(target, given) as unknown;
        };
      },
    });
  const jsm = new Proxy(link.jsm, {
    get: (target, name, receiver) =>
      name === 'streams' || name === 'consumers'
        ? watched(target[name])
        : Reflect.get(target, name, receiver),
  });
  return Object.create(link, { jsm: { value: jsm } }) as Link;
}

interface Story {
  readonly config: ReturnType<typeof makeConfig>;
  readonly before: (link: Link) => Promise<void>;
  readonly replace?: readonly string[];
  readonly adopt?: boolean;
}

const stories: Readonly<Record<string, Story>> = {
  'a first apply': { config: makeConfig(), before: async () => {} },
  'an update': {
    config: makeConfig({
      streams: { events: { maxAgeMs: 3_600_000 }, dlq: { maxMsgs: 1000 } },
      consumers: [{ name: 'notifications-consumer', subjects: ['events.a'], ackWaitMs: 9000 }],
    }),
    before: (link) => applyTopology(link, makeConfig()),
  },
  'a replacement of a stream with its consumers, and of a consumer': {
    config: makeConfig({
      streams: { events: { storage: 'memory' }, retry: { storage: 'memory' } },
      consumers: [{ name: 'notifications-consumer', start: { at: 'new' } }],
    }),
    before: (link) => applyTopology(link, makeConfig()),
    replace: ['events', 'events-retry'],
  },
  'an adoption': {
    config: makeConfig(),
    before: async (link) => {
      await createStream(link, { name: 'events', subjects: ['events.>'] });
      await createStream(link, { name: 'events-dlq', subjects: ['events-dlq.>'] });
    },
    adopt: true,
  },
};

describe.each(Object.entries(stories))('%s', (_, { config, before, replace = [], adopt = false }) => {
  it('converges when it is killed before any of its writes and run again', async () => {
    for (let survived = 0; ; survived++) {
      await using nats = await startNats();
      await using link = await connectTo(nats.url);
      await before(link);
      const first = applyPlan(
        overLink(dyingAfter(link, survived)),
        await planTopology(pipelineOf(link, config), { adopt }),
        {
          replace,
        },
      );
      const killed = await first.then(
        () => false,
        (error: unknown) => error instanceof Killed || (error as Error).cause instanceof Killed,
      );
      if (!killed) {
        await expect(first).resolves.toBeGreaterThan(0);
        expect(survived).toBeGreaterThan(2);
        return;
      }
      const again = await planTopology(pipelineOf(link, config), { adopt });
      expect(again.changes.some(isPending)).toBe(true);
      await applyPlan(overLink(link), again, { replace });
      const left = await planTopology(pipelineOf(link, config));
      expect(left.changes.every(({ action }) => action === 'none')).toBe(true);
    }
  });
});
