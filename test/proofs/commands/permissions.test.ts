import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { type Role, roleOfCommand, roles } from '../../../src/lib/permissions/role.js';
import { declaredCommands } from '../../support/commands.js';
import { eventually } from '../../support/eventually.js';
import { startNats, type TestServer } from '../../support/nats-server.js';
import { handlerText, makeProject, type Project } from '../../support/project.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { usersOfAllRoles } from '../../support/users.js';

const config = {
  name: 'permissions',
  streams: { events: { maxAge: '1h' } },
  events: { job: {} },
  consumers: {
    worker: {
      events: ['job'],
      handler: './handler.mjs',
      attempts: 2,
      backoff: ['20ms'],
      retry: { delay: '20ms', attempts: 1 },
    },
    outside: { events: ['job'], external: true },
  },
};
/** Its events stream differs: applying it is an update. */
const changed = { ...config, streams: { events: { maxAge: '2h' } } };
const handler = handlerText("if (context.cycle < 1) throw new Error('not yet');");

/** A server with a user of each role, by what the command prints, and a project that uses it. */
async function start(): Promise<{ server: TestServer; p: Project }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  await writeFile(join(folder, 'handler.mjs'), handler);
  const server = await startNats({ config: await usersOfAllRoles(folder) });
  onTestFinished(() => server.stop());
  const files = { 'handler.mjs': handler, 'changed.json': JSON.stringify(changed) };
  return { server, p: await makeProject(server.url, config, files) };
}

const as = (role: string, prefix = `_INBOX_${role}`): string[] =>
  `--user ${role} --password secret --timeout 10s --inbox-prefix ${prefix}`.split(' ');

async function client(url: string, user: string, inboxPrefix = `_INBOX_${user}`): Promise<NatsConnection> {
  const nc = await connectNats({ servers: url, user, pass: 'secret', inboxPrefix });
  onTestFinished(() => nc.close());
  return nc;
}

/** What a role may not do, the subject that is refused, and the role that may. */
const above: readonly (readonly [Role, readonly string[], string, Role])[] = [
  ['publisher', ['pipeline', 'run'], '$JS.API.', 'runner'],
  ['publisher', ['dlq', 'list'], '$JS.API.STREAM.INFO.events-dlq', 'viewer'],
  ['publisher', ['dlq', 'replay', '--all', '--yes'], '$JS.API.STREAM.INFO.events-dlq', 'operator'],
  ['runner', ['events', 'publish', 'job'], 'events.job', 'publisher'],
  ['operator', ['events', 'publish', 'job'], 'events.job', 'publisher'],
  ['ci', ['dlq', 'list'], '$JS.API.CONSUMER.MSG.NEXT.events-dlq.', 'viewer'],
  ['ci', ['dlq', 'replay', 'worker/2', '--yes'], 'events-retry.worker.2', 'operator'],
  ['viewer', ['pipeline', 'run'], '$JS.API.CONSUMER.MSG.NEXT.', 'runner'],
  ['viewer', ['pipeline', 'apply', '--yes', '-c', 'changed.json'], '$JS.API.STREAM.UPDATE.events', 'ci'],
  ['viewer', ['dlq', 'replay', '--all', '--yes'], 'events-retry.worker.2', 'operator'],
  [
    'viewer',
    ['dlq', 'discard', '--all', '--reason', 'x', '--yes'],
    'events-advisories.business.DISCARDED.worker.2.dlq.',
    'operator',
  ],
  [
    'viewer',
    ['dlq', 'archive', '--all', '--reason', 'x', '--yes'],
    'events-operations.archived.worker.2',
    'operator',
  ],
  ['viewer', ['events', 'publish', 'job'], 'events.job', 'publisher'],
  ['viewer', ['events', 'tail', '--group', 'mine'], '$JS.API.CONSUMER.INFO.events.mine', 'operator'],
];

const record = (kind: string): string => `events-advisories.business.${kind}.worker.1.main.0`;

/** What no command of a role would ever send. */
const shut: Readonly<Record<Role, readonly string[]>> = {
  publisher: [record('RESOLVED'), 'events-dlq.worker.1', 'events-retry.worker.1', 'events.other'],
  runner: [
    record('REPLAYED'),
    record('DISCARDED'),
    record('ARCHIVED'),
    record('RESTORED'),
    'events.job',
    'events-retry.other.1',
  ],
  operator: [record('ATTEMPT_FAILED'), record('RESOLVED'), 'events.job', 'events-retry.other.1'],
  ci: [record('ROUTED'), 'events-dlq.worker.1', 'events-retry.worker.1', 'events.job'],
  viewer: [record('ROUTED'), 'events-dlq.worker.1', 'events-retry.worker.1', 'events.job'],
};

/** Requests to JetStream, and the roles that may send them. */
const requests: readonly (readonly [string, readonly Role[]])[] = [
  ['$JS.API.STREAM.DELETE.events', ['ci']],
  ['$JS.API.STREAM.PURGE.events', []],
  ['$JS.API.STREAM.MSG.DELETE.events', []],
  ['$JS.API.STREAM.MSG.DELETE.events-dlq', ['operator']],
  ['$JS.API.STREAM.CREATE.other', []],
  ['$JS.API.CONSUMER.DURABLE.CREATE.events.worker', ['ci']],
  ['$JS.API.CONSUMER.CREATE.events', []],
  ['$JS.API.CONSUMER.CREATE.events.worker', ['ci']],
  ['$JS.API.CONSUMER.CREATE.events.mine', ['operator', 'ci']],
  ['$JS.API.CONSUMER.DELETE.events.worker', ['ci']],
  ['$JS.API.CONSUMER.MSG.NEXT.events.worker', ['runner']],
  ['$JS.API.CONSUMER.PAUSE.events.worker', ['operator']],
  ['$JS.API.CONSUMER.PAUSE.events-advisories.meta-consumer', []],
  ['$JS.ACK.events.worker.1.1.1.1.0', ['runner']],
  ['$JS.ACK.events.mine.1.1.1.1.0', ['operator']],
  ['$JS.ACK.events-dlq.mine.1.1.1.1.0', []],
];

test('each role can do its commands and nothing above them', async () => {
  const { server, p } = await start();
  const cli = (role: Role, ...words: string[]) => p.cli([...words, ...as(role)]);

  for (const words of [['--dry-run'], ['--yes'], ['--check'], ['--dry-run', '--config', 'changed.json']]) {
    expect(await cli('ci', 'pipeline', 'apply', ...words), words.join(' ')).toMatchObject({ exitCode: 0 });
  }
  const run = p.start(as('runner'));
  await run.until('pipeline runs');
  const many = await cli(
    'publisher',
    'events',
    'publish',
    'job',
    '--data',
    '{}',
    '--count',
    '2',
    '--id',
    'a',
  );
  expect(many).toMatchObject({ exitCode: 0 });
  const dead = (seq: number) => run.logs().some((line) => line['id'] === `worker/${seq}`);
  await eventually('two dead letters', () => dead(1) && dead(2));
  const replay = await cli('operator', 'dlq', 'replay', 'worker/1', '--yes', '--wait', '--json');
  expect(JSON.parse(replay.stdout)).toMatchObject({ replayed: 1, resolved: 1 });

  // A dead letter that somebody removed by hand: what verify --repair brings back.
  const jsm = await jetstreamManager(await client(server.url, 'admin', '_INBOX'));
  const found = await jsm.streams.getMessage('events-dlq', { last_by_subj: 'events-dlq.worker.2' });
  await jsm.streams.deleteMessage('events-dlq', found?.seq ?? 0);
  const unable = await cli('viewer', 'pipeline', 'verify', '--repair', '--yes', '--json');
  expect(refusalIn(unable)).toMatchObject({ code: 'NOT_ALLOWED' });
  const repaired = await cli('operator', 'pipeline', 'verify', '--repair', '--yes', '--json');
  expect(JSON.parse(repaired.stdout)).toMatchObject({
    ok: true,
    repaired: [{ kind: 'dead-letter-missing', id: 'worker/2' }],
  });

  for (const role of ['operator', 'viewer'] as const) {
    const list = await cli(role, 'dlq', 'list', '--json');
    expect(JSON.parse(list.stdout), role).toMatchObject({ total: 1, items: [{ id: 'worker/2' }] });
    const tail = await cli(role, 'advisories', 'tail', '--no-follow', '--kind', 'REPLAYED', '--json');
    expect(JSON.parse(tail.stdout), role).toMatchObject({ kind: 'REPLAYED', seq: 1 });
    const explained = await cli(role, 'events', 'explain', 'a-1', '--json');
    expect(JSON.parse(explained.stdout), role).toMatchObject({ event: { seq: 1 } });
    const event = await cli(role, 'events', 'tail', '--all', '--no-follow', '--count', '1', '--json');
    expect(JSON.parse(event.stdout), role).toMatchObject({ type: 'job', seq: 1 });
    const last = await cli(role, 'events', 'tail', 'job', '--last-per-subject', '--no-follow', '--json');
    expect(JSON.parse(last.stdout), role).toMatchObject({ seq: 2 });
    const core = await cli(role, 'events', 'tail', '--core', '--duration', '100ms');
    expect(core, role).toMatchObject({ exitCode: 0 });
    expect(await cli(role, 'dlq', 'show', 'worker/2'), role).toMatchObject({ exitCode: 0 });
    expect(await cli(role, 'pipeline', 'verify'), role).toMatchObject({ exitCode: 0 });
  }
  const shared = ['events', 'tail', '--group', 'mine', '--all', '--no-follow', '--json'];
  const ofGroup = await cli('operator', ...shared);
  expect(ofGroup.stdout.trim().split('\n'), ofGroup.stderr).toHaveLength(2);
  // They were acknowledged.
  expect(await cli('operator', ...shared)).toMatchObject({ exitCode: 0, stdout: '' });
  expect(await cli('viewer', 'dlq', 'replay', '--all', '--dry-run')).toMatchObject({ exitCode: 0 });
  expect(await cli('viewer', 'pipeline', 'apply', '--check')).toMatchObject({ exitCode: 0 });
  const drift = await cli('viewer', 'pipeline', 'apply', '--check', '--config', 'changed.json');
  expect(drift).toMatchObject({ exitCode: 3 });
  expect(run.logs().filter(({ level }) => level === 'fatal')).toEqual([]);
  const complaints = /does not take it|can not listen/;
  expect(run.logs().filter(({ msg }) => complaints.test(String(msg)))).toEqual([]);

  const left = [...above];
  const asking = Array.from({ length: 3 }, async () => {
    for (let one = left.shift(); one; one = left.shift()) {
      const [role, words, subject, needed] = one;
      const ended = await cli(role, ...words, '--json');
      expect(
        { exitCode: ended.exitCode, ...refusalIn(ended) },
        `${role}: ${words.join(' ')}\n${ended.stdout}\n${ended.stderr}`,
      ).toEqual({
        exitCode: 4,
        code: 'NOT_ALLOWED',
        message: expect.stringContaining(`this user lacks the permission to publish to ${subject}`),
        suggestions: [expect.stringContaining(`plutomi-events pipeline permissions --role ${needed} `)],
      });
    }
  });
  await Promise.all(asking);

  const archive = await cli('operator', 'dlq', 'archive', 'worker/2', '--reason', 'later', '--yes', '--json');
  expect(JSON.parse(archive.stdout)).toMatchObject({ archived: 1, skipped: [] });
  const listed = await cli('viewer', 'dlq', 'list', '--archived', '--json');
  expect(JSON.parse(listed.stdout)).toMatchObject({ total: 1, items: [{ id: 'worker/2' }] });
  const shown = await cli('viewer', 'dlq', 'show', 'worker/2', '--json');
  expect(JSON.parse(shown.stdout)).toMatchObject({ status: 'archived' });
  const restore = await cli('operator', 'dlq', 'restore', '--all', '--yes', '--json');
  expect(JSON.parse(restore.stdout)).toMatchObject({ restored: 1, skipped: [] });
  const discard = await cli(
    'operator',
    'dlq',
    'discard',
    'worker/2',
    '--reason',
    'by hand',
    '--yes',
    '--json',
  );
  expect(JSON.parse(discard.stdout)).toMatchObject({ discarded: 1, skipped: [] });

  for (const role of roles) {
    const nc = await client(server.url, role);
    const notMine = requests.filter(([, may]) => !may.includes(role)).map(([subject]) => subject);
    for (const subject of [...shut[role], ...notMine]) {
      expect(await refusedRequest(nc, subject), `${role}: ${subject}`).toContain('Permissions Violation');
    }
    // Answers to others, the events themselves (but for who reads the stored ones), and where acks go.
    const others = roles.filter((other) => other !== role).map((other) => `_INBOX_${other}.>`);
    const live = role === 'viewer' || role === 'operator' ? ['events-dlq.>'] : ['events.>'];
    for (const subject of ['_INBOX.>', '>', ...live, '$JS.ACK.>', '$JS.EVENT.>', ...others]) {
      expect(await refusedSubscription(nc, subject), `${role}: ${subject}`).toContain(
        'Permissions Violation for Subscription',
      );
    }
  }

  const forgot = await p.cli(['dlq', 'list', '--json', ...as('viewer', '_INBOX')]);
  expect({ exitCode: forgot.exitCode, ...refusalIn(forgot) }).toEqual({
    exitCode: 4,
    code: 'NOT_ALLOWED',
    message: expect.stringContaining('lacks the permission to subscribe to _INBOX.'),
    suggestions: [expect.stringContaining('--inbox-prefix'), expect.stringContaining('--role viewer')],
  });
}, 180_000);

/** The error that a command printed with --json, as its last line. */
function refusalIn({ stdout }: { readonly stdout: string }): Record<string, unknown> {
  const last = stdout.trim().split('\n').at(-1) ?? '';
  return (
    (last.startsWith('{') ? (JSON.parse(last) as { error?: Record<string, unknown> }).error : undefined) ?? {}
  );
}

/** Why a request came back without an answer. */
function refusedRequest(nc: NatsConnection, subject: string): Promise<string> {
  return nc.request(subject, '{}', { timeout: 10_000 }).then(
    (reply) => `answered: ${reply.string()}`,
    (error: Error) => error.message,
  );
}

async function refusedSubscription(nc: NatsConnection, subject: string): Promise<string> {
  const refusal = new Promise<string>((resolve) => {
    nc.subscribe(subject, { callback: (error) => resolve(error?.message ?? 'a message') });
  });
  await nc.flush();
  return Promise.race([refusal, nc.flush().then(() => 'subscribed')]);
}

test('a command that needs a server has a role, and no other has', async () => {
  const names = (await declaredCommands()).map(({ name }) => name);
  const offline = /^(?:config|examples|server) |^pipeline permissions$/;
  expect(Object.keys(roleOfCommand).toSorted()).toEqual(names.filter((name) => !offline.test(name)));
});
