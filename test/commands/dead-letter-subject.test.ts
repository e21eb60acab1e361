import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startNats } from '../support/nats-server.js';
import { handlerText, makeProject } from '../support/project.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { usersOfAllRoles } from '../support/users.js';

const files = { 'handler.mjs': handlerText("throw new Reject('no address');") };

function configOf(subject: string): Record<string, unknown> {
  const consumer = { subjects: ['events.>'], handler: './handler.mjs', onDeadLetter: { subject } };
  return { name: 'test', consumers: { mail: consumer, books: consumer } };
}

const as = (user: string): string[] => [
  '--user',
  user,
  '--password',
  'secret',
  '--inbox-prefix',
  `_INBOX_${user}`,
];

test("a stream of one's own has one notice of each dead letter, below the name of its consumer", async () => {
  const folder = await temporaryFolder();
  const config = configOf('DLQ.{consumer}');
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'handler.mjs'), files['handler.mjs']);
  const server = await startNats({ config: await usersOfAllRoles(folder) });
  onTestFinished(() => server.stop());
  const other = JSON.stringify(configOf('elsewhere.{consumer}'));
  const p = await makeProject(server.url, config, { ...files, 'other.json': other });
  expect(await p.cli(['pipeline', 'apply', '--yes', ...as('ci')])).toMatchObject({ exitCode: 0 });
  const nc = await connectNats({ servers: server.url, user: 'admin', pass: 'secret' });
  onTestFinished(() => nc.close());
  const jsm = await jetstreamManager(nc);
  await jsm.streams.add({ name: 'DLQ', subjects: ['DLQ.>'] });
  const publish = () =>
    p.cli(['events', 'publish', 'events.order.placed', '--data', '{}', ...as('publisher')]);
  const [one, two] = [p.start(as('runner')), p.start(as('runner'))];
  await Promise.all([one.until('pipeline runs'), two.until('pipeline runs')]);
  for (let n = 0; n < 3; n++) expect(await publish()).toMatchObject({ exitCode: 0 });
  const ofDlq = async (name: string) => (await jsm.consumers.info('events-dlq', name)).delivered.consumer_seq;
  await eventually('all are dead', async () => (await jsm.streams.info('events-dlq')).state.messages === 6);
  await eventually('all are told', async () => (await jsm.streams.info('DLQ')).state.messages >= 6);
  for (const run of [one, two]) run.child.kill('SIGTERM');
  await Promise.all([one.ended, two.ended]);
  expect((await jsm.streams.info('DLQ', { subjects_filter: '>' })).state.subjects).toEqual({
    'DLQ.mail': 3,
    'DLQ.books': 3,
  });
  expect([await ofDlq('mail-dlq'), await ofDlq('books-dlq')]).toEqual([3, 3]);
  const told = await jsm.streams.getMessage('DLQ', { last_by_subj: 'DLQ.books' });
  expect(told?.json()).toMatchObject({ id: 'books/3', consumer: 'books', reason: 'Reject: no address' });

  const refused = p.start([...as('runner'), '--config', 'other.json', '--only', 'mail']);
  await refused.until('pipeline runs');
  await publish();
  await refused.until('alert about a dead letter failed');
  expect(refused.logs().find(({ msg }) => String(msg).startsWith('alert about a dead letter'))).toMatchObject(
    {
      id: 'mail/4',
      error: expect.stringContaining('this user lacks the permission to publish to elsewhere.mail'),
    },
  );
}, 90_000);
