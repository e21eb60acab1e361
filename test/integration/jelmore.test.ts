import { readFile, symlink } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { configFrom } from '../../src/lib/config/load.js';
import type { PipelineConfig } from '../../src/lib/config/resolved.js';
import type { ConfigProblem } from '../../src/lib/errors.js';
import { listConsumers } from '../../src/lib/nats/objects.js';
import { applyPlan, planTopology } from '../../src/lib/topology/apply.js';
import { makeFailure } from '../../src/lib/domain/failure.js';
import { buryEvent, originAt } from '../support/dead-letters.js';
import { codeBlocks } from '../support/markdown.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { connectTo, natsForTest } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

const example = fileURLToPath(new URL('../../examples/jelmore/', import.meta.url));
const day = 24 * 3600 * 1e9;

interface SimulatedEvent {
  readonly type: string;
  readonly data: unknown;
  readonly correlation: string;
}

const { sessionEvents } = (await import(`${example}simulator.mjs`)) as {
  readonly sessionEvents: (n: number) => readonly SimulatedEvent[];
};

/** The config of the example as it is in production, with these variables. */
async function production(
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly config: PipelineConfig; readonly warned: readonly string[] }> {
  for (const [name, value] of Object.entries({ JELMORE_DEMO: '', ...variables })) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const file = `${example}plutomi-events.config.mjs?${new URLSearchParams(variables).toString()}`;
  const { default: user } = (await import(/* @vite-ignore */ file)) as { readonly default: object };
  const warned: string[] = [];
  const onWarning = ({ path }: ConfigProblem): void => void warned.push(path);
  return { config: await configFrom(user, { folder: example, variables, onWarning }), warned };
}

async function apply(url: string, config: PipelineConfig) {
  const link = await connectTo(url);
  const pipeline = pipelineOf(link, config);
  await applyPlan(pipeline, await planTopology(pipeline));
  return link;
}

const withStore = (size: string) => natsForTest({ config: `jetstream { max_file_store: ${size} }` });

describe('the example jelmore', () => {
  test('has the streams, the limits and the groups of the original, and says what they can lose', async () => {
    const { config, warned } = await production();
    const server = await withStore('12GB');
    const link = await apply(server.url, config);
    expect((await link.streamInfo('JELMORE'))?.config).toMatchObject({
      subjects: ['jelmore.>'],
      storage: 'file',
      max_age: 7 * day,
      max_msgs: 100_000,
      max_bytes: 10e9,
      discard: 'old',
      duplicate_window: 60e9,
    });
    expect((await link.streamInfo('JELMORE_DLQ'))?.config).toMatchObject({
      storage: 'file',
      max_age: 30 * day,
      max_msgs: 10_000,
      max_bytes: 1e9,
    });
    const groups = (await listConsumers(link, 'JELMORE')).map(({ name, config: { filter_subjects: of } }) => [
      name,
      of,
    ]);
    expect(Object.fromEntries(groups)).toEqual({
      session_handlers: ['jelmore.session.>'],
      file_watchers: ['jelmore.session.directory_changed', 'jelmore.session.file_modified'],
      git_monitors: ['jelmore.session.git_activity'],
      system_monitors: ['jelmore.session.status', 'jelmore.session.failed'],
    });
    for (const group of config.consumers) {
      expect(group).toMatchObject({ attempts: 3, backoffMs: [2000, 4000], retry: { enabled: false } });
    }
    expect(warned).toEqual(['streams.events.maxBytes', 'streams.events.maxMsgs', 'streams.dlq.maxAge']);
  });

  test('has the eight topics, and simulated sessions publish each of them, as their schemas say', async () => {
    const { config } = await production();
    const topics = ['created', 'output', 'completed', 'failed', 'status'].map((name) => `session.${name}`);
    topics.push('session.directory_changed', 'session.file_modified', 'session.git_activity');
    expect(config.events.map(({ type }) => type).toSorted()).toEqual(topics.toSorted());
    expect(config.events.map(({ subject }) => subject)).toContain('jelmore.session.created');
    const events = [...sessionEvents(4), ...sessionEvents(5)];
    expect([...new Set(events.map(({ type }) => type))].toSorted()).toEqual(topics.toSorted());
    for (const { type, data } of events) {
      const { schema } = config.events.find((event) => event.type === type) ?? {};
      expect(await schema?.['~standard'].validate(data), type).not.toHaveProperty('issues');
    }
    expect(sessionEvents(4).at(-1)).toMatchObject({ type: 'session.completed', correlation: 'session-4' });
    expect(sessionEvents(5).at(-1)).toMatchObject({ type: 'session.failed', correlation: 'session-5' });
  });

  test('its dead letters are records of the original, by the program and by the line for jq', async () => {
    const { config } = await production();
    const server = await withStore('12GB');
    const link = await apply(server.url, config);
    for (const n of [1, 2]) {
      const event = { event_type: 'session.git_activity', session_id: 's', payload: { n } };
      await link.publish('jelmore.session.git_activity', JSON.stringify(event));
      const failure = makeFailure('error', 'TypeError', `git is down: ${n}`);
      await buryEvent({ link, config }, await originAt({ link, config }, n), {
        consumer: 'git_monitors',
        failure,
      });
    }
    const folder = await temporaryFolder();
    await symlink(fileURLToPath(new URL('../../bin/run.js', import.meta.url)), `${folder}/plutomi-events`);
    const env = { PATH: `${folder}:${process.env['PATH']}`, NATS_URL: server.url, JELMORE_DEMO: '' };
    const readme = await readFile(`${example}README.md`, 'utf8');
    const line = codeBlocks(readme, 'sh').find(({ text }) => text.includes('jq -c'))?.text ?? '';
    const options = { cwd: example, env, lines: true } as const;
    const { stdout: byJq } = await execa('sh', ['-c', line], options);
    const { stdout: byProgram } = await execa(process.execPath, ['dead-letters.mjs'], options);
    expect(byJq).toEqual(byProgram);
    expect(byJq.map((one) => JSON.parse(one) as unknown)).toEqual(
      [1, 2].map((n) => ({
        original_subject: 'jelmore.session.git_activity',
        dlq_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        failure_reason: `TypeError: git is down: ${n}`,
        retry_count: 6,
        payload: { n },
      })),
    );
  });

  test('takes its subjects from NATS_SUBJECT_PREFIX, groups too', async () => {
    const { config } = await production({ NATS_SUBJECT_PREFIX: 'acme' });
    expect(config.streams.events.subjects).toEqual(['acme.>']);
    expect(config.consumers.find(({ name }) => name === 'session_handlers')?.subjects).toEqual([
      'acme.session.>',
    ]);
  });

  test('a server with 10 GB for both streams is told to be too small, and with what', async () => {
    const { config } = await production();
    const server = await withStore('10GB');
    await expect(apply(server.url, config)).rejects.toThrow(/JELMORE.*(?:storage|resources)/);
  });
});
