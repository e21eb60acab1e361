import { connect } from '@nats-io/transport-node';
import { openPipeline } from '../../dist/lib/index.js';
import { alternate } from '../harness/alternate.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { withProject } from '../harness/project.mjs';
import { withManager } from '../harness/streams.mjs';

const consumers = 100;
/** One look takes milliseconds. */
const looks = 30;

/** `pipeline.status()` of 100 consumers that all have work, against the requests that it takes, sent at once. */
export default {
  name: 'status',
  async run({ server, runs }) {
    const names = Array.from({ length: consumers }, (_, at) => `bench-${at}-consumer`);
    const settings = names.map((name, at) => [
      name,
      { subjects: [`events.bench.${at}`], handler: './handler.mjs' },
    ]);
    const config = { name: 'bench', consumers: Object.fromEntries(settings) };
    return withProject(server, { config, files: { 'handler.mjs': '' } }, async (project) => {
      await withManager(server, async (jsm) => {
        for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name);
      });
      await project.cli('pipeline', 'apply', '--yes');
      const pipeline = await openPipeline({ cwd: project.folder, server: server.url });
      const nc = await connect({ servers: server.url });
      try {
        for (const at of names.keys()) await pipeline.link.publish(`events.bench.${at}`, '{}');
        const { ours, ceiling } = await alternate(runs, {
          ours: () => secondsOf(async () => check(await pipeline.status())),
          ceiling: () => secondsOf(() => rawRequests(nc)),
        });
        const gate = { to: 'raw requests', value: ours / ceiling, atMost: 1.5, aim: 1.2 };
        return [{ path: 'status of 100 consumers with work', unit: 's', ours, ceiling, gates: [gate] }];
      } finally {
        await pipeline.close();
        await nc.close();
      }
    });
  },
};

function check({ consumers: found }) {
  const behind = found.filter(({ pending, oldestAt }) => pending === 1 && oldestAt !== null);
  expectEndState(
    'status',
    { all: found.length, behind: behind.length },
    { all: 3 * consumers + 3, behind: consumers },
  );
}

/** Of one look, the median. */
async function secondsOf(look) {
  const seconds = [];
  for (let n = 0; n < looks; n++) {
    const startedMs = performance.now();
    await look();
    seconds.push((performance.now() - startedMs) / 1000);
  }
  return seconds.toSorted((a, b) => a - b)[looks / 2];
}

const streams = [
  'events',
  'events-retry',
  'events-dlq',
  'events-advisories',
  'events-operations',
  'events-kept',
];

async function rawRequests(nc) {
  const ask = async (subject, body) => (await nc.request(`$JS.API.${subject}`, JSON.stringify(body))).json();
  const [, lists] = await Promise.all([
    Promise.all(streams.map((name) => ask(`STREAM.INFO.${name}`, {}))),
    Promise.all(streams.slice(0, 4).map((name) => ask(`CONSUMER.LIST.${name}`, { offset: 0 }))),
  ]);
  const behind = lists.flatMap(({ consumers: listed }) => listed).filter(({ num_pending: left }) => left > 0);
  await Promise.all([
    ...behind.map(({ delivered, config: { filter_subject: filter, filter_subjects: [first] = [filter] } }) =>
      ask('STREAM.MSG.GET.events', { seq: delivered.stream_seq + 1, next_by_subj: first }),
    ),
    ask('STREAM.INFO.events-operations', { subjects_filter: 'events-operations.archived.>' }),
  ]);
}
