import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { updateStream } from '../../../src/lib/nats/objects.js';
import { buryEvent, exhaustionOf, makePointer, originAt } from '../../support/dead-letters.js';
import { eventually } from '../../support/eventually.js';
import { hostileSequences, unprintable } from '../../support/hostile.js';
import { withoutChangingLines } from '../../support/on-terminal.js';
import { type TestBed, testBed } from '../../support/pipeline.js';
import { makeProject, type Project } from '../../support/project.js';
import { openTerminal, type Terminal, type TerminalState } from '../../support/tmux.js';

const bin = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const consumer = 'notifications-consumer';
const hostile = hostileSequences.join(' ');
/** What a header or an id can hold of it. */
const oneLine = `a${hostile.replaceAll(/[\r\n\0\p{Cs}]/gu, '')}b`;
/** What the server takes in a subject. */
const hostileSubject = 'events.a\u001b]0;owned\u0007\u001b[31m\u009b2J\u202e';

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: {
    [consumer]: {
      subjects: ['events.>'],
      handler: './handler.mjs',
      attempts: 1,
      retry: false,
    },
  },
};

const handler = `
const hostile = ${JSON.stringify(hostile)};
export default async (event, { log }) => {
  log.info({ said: hostile, [hostile]: 1, err: new Error(hostile) }, hostile);
  log.info('%s', event.raw.length > 1000000 ? 'x'.repeat(1000000) + hostile : hostile);
  throw Object.assign(new Error(hostile + 'y'.repeat(1000000)), { name: 'Bad' + hostile, stack: hostile + '\\n  at x' });
};
`;

interface Desk {
  readonly bed: TestBed;
  readonly project: Project;
  readonly terminal: (words: readonly string[], rows?: number) => Promise<Terminal>;
}

/** Events with hostile subjects, headers, ids and payloads; forged records and pointers; a stream that was tampered with. */
async function desk(): Promise<Desk> {
  const bed = await testBed({ consumers: [{ name: consumer, attempts: 1 }] });
  const project = await makeProject(bed.server.url, config, { 'handler.mjs': handler });
  const payloads = [
    JSON.stringify({ [hostile]: [hostile], line: 'x'.repeat(5000) }),
    Buffer.from(hostile),
    Buffer.from([0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d]),
    'z'.repeat(1_000_100),
  ];
  for (const payload of payloads) {
    await bed.link.publish(hostileSubject, payload, {
      msgId: `${oneLine}${payload.length}`,
      headers: { Trace: oneLine },
    });
  }
  return {
    bed,
    project,
    terminal: (words, rows = 50) =>
      openTerminal(words, {
        cwd: project.folder,
        env: { NATS_URL: bed.server.url, XDG_CACHE_HOME: join(project.folder, '.cache') },
        columns: 160,
        rows,
        record: true,
      }),
  };
}

async function forge({ link, config }: TestBed): Promise<void> {
  const origin = { ...(await originAt({ link, config }, 1)), subject: hostile, msgId: hostile, seq: 7 };
  const failure = { kind: 'error' as const, name: hostile, message: hostile, fingerprint: hostile };
  const record = { ...exhaustionOf(makePointer(origin, { failure }), 0), worker: hostile, note: hostile };
  const root = config.roots.advisories;
  await link.publish(`${root}.business.MAX_DELIVERIES.${consumer}.7.retry.0`, JSON.stringify(record));
  await link.publish(`${root}.business.ROUTED.\u001b[31m.7.main.0`, hostile);
  await link.publish(`${root}.\u009b2J`, JSON.stringify({ ...record, consumer: hostile }));
  await link.publish(
    '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events.c',
    JSON.stringify({
      ...record,
      type: 'io.nats.jetstream.advisory.v1.terminated',
      consumer: hostile,
      reason: hostile,
    }),
  );
  await buryEvent({ link, config }, origin, { failure, firstFailedAt: hostile });
  await link.publish(`events-dlq.${consumer}.8`, hostile);
  await link.publish('events-dlq.\u001b[31m', JSON.stringify({ v: 1, consumer: hostile }));
}

/** All bytes but our own colours and changing lines, with the line ends that a terminal makes; nothing in it is obeyed by one. */
function expectHarmless(raw: string): string {
  const text = withoutChangingLines(raw.replaceAll('\r\n', '\n')).replaceAll(/\u001b\[\d{1,2}m/g, '');
  expect(text).not.toMatch(unprintable);
  return text;
}

/** Combining marks are the one thing that a terminal may put elsewhere. */
const lines = (text: string): string[] =>
  text.split('\n').map((line) => line.replaceAll(/\p{M}/gu, '').trimEnd());

async function expectUntouched(pane: Terminal, before: TerminalState): Promise<void> {
  expect(await pane.state()).toEqual(before);
  expect(before).toMatchObject({ clipboard: '', cursorShown: true, alternateScreen: false });
}

const commands: readonly (readonly string[])[] = [
  ['dlq', 'list'],
  ['dlq', 'list', '--group-by', 'reason'],
  ['dlq', 'list', '--group-by', 'subject'],
  ['dlq', 'show', `${consumer}/1`],
  ['dlq', 'show', `${consumer}/2`],
  ['dlq', 'show', `${consumer}/3`],
  ['dlq', 'show', `${consumer}/4`],
  ['dlq', 'show', `${consumer}/7`],
  ['dlq', 'show', `${consumer}/8`],
  ['dlq', 'show', hostile],
  ['dlq', 'replay', '--all', '--dry-run'],
  ['dlq', 'list', '--subject', hostile],
  ['events', 'explain', '1', '--data'],
  ['events', 'explain', '7'],
  ['events', 'explain', oneLine],
  ['events', 'publish', hostile],
  ['events', 'publish', 'totp.requested', '--id', `c${oneLine}`, '--header', `Trace: ${oneLine}`],
  ['events', 'publish', 'totp.requested', '--header', hostile],
  ['events', 'publish', 'totp.requested', '--id', `d${oneLine}`, '--count', '2'],
  ['advisories', 'tail', '--no-follow'],
  ['pipeline', 'verify'],
  ['pipeline', 'apply', '--dry-run'],
  ['pipeline', 'run', '--only', hostile],
  ['config', 'show', '--config', hostile],
  [hostile],
];
/** With --json the shape differs, not the text: these stand for the others. */
const asJson = [0, 1, 3, 5, 7, 9, 10, 12, 13, 15, 16, 19, 20, 21, 24].map((i) => commands[i] ?? []);

const quote = (word: string): string => `'${word.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`;
const argument = (word: string): string => word.replaceAll(/[\0\p{Cs}]/gu, '');

test('what a handler says and what fails is printed harmlessly by pipeline run, dlq replay and every other command', async () => {
  const { bed, project, terminal } = await desk();
  await using running = await terminal([process.execPath, bin, 'pipeline', 'run', '--apply']);
  const before = await running.state();
  const dead = async (): Promise<number> => (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;
  await eventually('all events are dead', async () => (await dead()) === 4, 60_000);
  await running.waitFor('dead letter');
  await running.press('C-c');
  expect(await running.exitCode()).toBe(0);
  const log = expectHarmless(await running.raw());
  expect(log).toContain('\\u001b]0;owned\\u0007');
  await expectUntouched(running, before);

  await forge(bed);
  const described = {
    description: hostile,
    metadata: { [oneLine]: oneLine },
    subjects: ['events.>', 'x.\u001b[31m'],
  };
  await updateStream(bed.link, 'events', described);

  const script = commands
    .map((words) => `echo; ${[process.execPath, bin, ...words].map((one) => quote(argument(one))).join(' ')}`)
    .join('\n');
  const file = join(project.folder, 'all.sh');
  await writeFile(file, `${script}\n`);
  await chmod(file, 0o700);
  await using all = await terminal(['sh', file]);
  const blank = await all.state();
  await all.exitCode(200_000);
  const raw = expectHarmless(await all.raw());
  await expectUntouched(all, blank);
  // What was written is what is seen, line for line: nothing was obeyed, and nothing overwritten.
  const seen = lines(await all.text());
  expect(lines(raw).slice(0, seen.length - 2)).toEqual(seen.slice(0, -2));
  // The event that only its forged record knows is explained, whatever else stands under its number.
  expect(raw).toMatch(/\nevents 7\n {2}subject {2}\\u001b\[2J/);
  for (const shown of [
    'Bad\\u001b[2J',
    'events.a\\u001b]0;owned\\u0007',
    'Trace: a\\u001b[2J',
    'x.\\u001b[31m',
  ]) {
    expect(raw).toContain(shown);
  }

  await using asked = await terminal([process.execPath, bin, 'dlq', 'replay']);
  await asked.waitFor('Which dead letters?');
  await asked.press('Space', 'Enter');
  await asked.waitFor(/Replay this dead letter on/);
  await asked.press('n', 'Enter');
  expect(await asked.exitCode()).toBe(1);
  // A prompt moves the cursor; it sets no title and no clipboard, and leaves no colour, cursor or screen behind.
  const prompted = await asked.raw();
  expect(prompted).not.toMatch(
    /\u001b[\]P^_X]|[\u0080-\u009f\p{Bidi_Control}]|\u001b\[\d+;\d+[Hf]|\u001b\[\?1049/u,
  );
  expect(prompted).toContain('\\u001b[2J');
  await expectUntouched(asked, { ...before, title: (await asked.state()).title });
}, 300_000);

test('--json is JSON without a character that a terminal would obey, for results, errors and logs', async () => {
  const { bed, project } = await desk();
  const run = project.start(['--apply']);
  const dead = async (): Promise<number> => (await bed.link.streamInfo('events-dlq'))?.state.messages ?? 0;
  await eventually('all events are dead', async () => (await dead()) === 4, 60_000);
  await run.until('dead letter');
  run.child.kill('SIGTERM');
  const logged = await run.ended;
  expectHarmless(logged.stdout + logged.stderr);
  for (const line of logged.stdout.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  expect(logged.stdout).toContain('\\u009b');
  await forge(bed);
  for (const words of asJson) {
    const given = words.map(argument);
    const { stdout, stderr } = await project.cli([...given, '--json']);
    expectHarmless(stdout + stderr);
    const told = stdout.split('\n').filter(Boolean);
    expect([words, told.length]).not.toEqual([words, 0]);
    for (const line of told) expect(() => JSON.parse(line)).not.toThrow();
  }
}, 240_000);
