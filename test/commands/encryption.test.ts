import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buryEvent, consumer, originAt } from '../support/dead-letters.js';
import { readJson } from '../support/json-schemas.js';
import { connectTo, natsForTest, testBed } from '../support/pipeline.js';
import { makeProject, type Project } from '../support/project.js';

const secret = 'ada@example.com';
const key = randomBytes(32).toString('base64');
const config = {
  name: 'test',
  keys: { current: 'env://EVENTS_KEY', previous: ['file://old.key'] },
  events: { 'totp.requested': { encrypt: true } },
  consumers: {
    [consumer]: {
      events: ['totp.requested'],
      handler: './handler.mjs',
      attempts: 1,
      retry: false,
    },
  },
};
const handler = `import { appendFileSync } from 'node:fs';
export default async ({ data }) => {
  if (data.broken) throw new Error('broken');
  appendFileSync(process.env.OUT, data.email + '\\n');
};
`;

/** A project with this key in its .env, and the same without any. */
async function projects(url: string): Promise<{ readonly owner: Project; readonly viewer: Project }> {
  const [owner, viewer] = await Promise.all(
    [1, 2].map(() => makeProject(url, config, { 'handler.mjs': handler })),
  );
  if (!owner || !viewer) throw new Error('no projects');
  await writeFile(join(owner.folder, '.env'), `EVENTS_KEY=${key}\n`);
  return { owner, viewer };
}

const publish = (project: Project, data: object) =>
  project.cli(['events', 'publish', 'totp.requested', '--data', JSON.stringify(data), '--json']);

describe('encrypted payloads, by the command line', () => {
  it('are shown where the key is, and stay encrypted for a viewer', async () => {
    const bed = await testBed();
    const { owner, viewer } = await projects(bed.server.url);
    expect(await publish(owner, { email: secret })).toMatchObject({ exitCode: 0 });
    await buryEvent(bed, await originAt(bed, 1));
    const id = `${consumer}/1`;
    const shown = await owner.cli(['dlq', 'show', id]);
    expect(shown).toMatchObject({ exitCode: 0, stderr: expect.any(String) as string });
    expect(shown.stdout).toContain(secret);
    expect(shown.stdout).toMatch(/event, stored .* UTC, encrypted\n/);
    const json = readJson('dlq show', (await owner.cli(['dlq', 'show', id, '--json'])).stdout);
    expect(json).toMatchObject({ event: { data: { email: secret }, encryption: { opened: true } } });
    const hidden = readJson('dlq show', (await viewer.cli(['dlq', 'show', id, '--json'])).stdout);
    expect(hidden).toMatchObject({ event: { encoding: 'encrypted', encryption: { opened: false } } });
    const commands = [
      ['dlq', 'show', id],
      ['dlq', 'list', `data.email:${secret}`],
      ['dlq', 'export', '--with-data'],
      ['dlq', 'export', '--with-data', '--format', 'csv'],
      ['dlq', 'report', '--since', '1h'],
      ['events', 'explain', '1', '--data'],
      ['advisories', 'tail', '--no-follow'],
    ];
    for (const words of commands) {
      const { exitCode, stdout, stderr } = await viewer.cli(words);
      expect([words, exitCode, `${stdout}${stderr}`.replaceAll(`data.email:${secret}`, '')]).toEqual([
        words,
        0,
        expect.not.stringContaining(secret),
      ]);
      if (words[1] === 'show' && words[0] === 'dlq')
        expect(stdout).toContain(
          'not opened: no key is here; env://EVENTS_KEY is not there; file://old.key is not there',
        );
    }
  });

  it('are printed as they are stored by events tail --raw, which says so once', async () => {
    const bed = await testBed();
    const { owner, viewer } = await projects(bed.server.url);
    for (const email of [secret, 'bo@example.com']) await publish(owner, { email });
    const tail = ['events', 'tail', '--all', '--no-follow', '--raw'];
    const sealed = await viewer.cli(tail);
    expect(sealed).toMatchObject({ exitCode: 0 });
    expect(sealed.stdout.split('\n')).toEqual([expect.stringMatching(/^ey/), expect.stringMatching(/^ey/)]);
    expect(sealed.stderr.match(/as it is stored/g)).toHaveLength(1);
    expect(sealed.stderr).toMatch(
      /^the payload of events\/1 is printed as it is stored, and so are others like it: encrypted with .* no key is here/m,
    );
    const opened = await owner.cli(tail);
    expect(opened.stdout).toContain(secret);
    expect(opened.stderr).not.toContain('as it is stored');
    for (const output of ['json', 'ndjson']) {
      const { exitCode, stdout, stderr } = await owner.cli([...tail, '-o', output]);
      expect([exitCode, stdout + stderr]).toEqual([
        2,
        expect.stringContaining(`--raw and --output ${output}: use only one of them`),
      ]);
    }
  });

  it('are opened by the commands of who has the key, and never exported', async () => {
    const bed = await testBed();
    const { owner } = await projects(bed.server.url);
    expect(await publish(owner, { email: secret })).toMatchObject({ exitCode: 0 });
    await buryEvent(bed, await originAt(bed, 1));
    const id = `${consumer}/1`;
    expect((await owner.cli(['events', 'explain', '1', '--data'])).stdout).toContain(secret);
    expect((await owner.cli(['dlq', 'export', '--with-data'])).stdout).not.toContain(secret);
    expect((await owner.cli(['dlq', 'list', `data.email:${secret}`])).stdout).toContain(id);
  });

  it('are handled by a worker with the key, which is told of one that is missing', async () => {
    const server = await natsForTest();
    const { owner } = await projects(server.url);
    expect(await owner.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
    expect(await publish(owner, { email: secret })).toMatchObject({ exitCode: 0 });
    const run = owner.start();
    await run.until('the key file://old.key is not there');
    await expect.poll(() => owner.lines(), { timeout: 20_000 }).toEqual([secret]);
    expect(JSON.stringify(run.logs())).not.toContain(secret);
    const link = await connectTo(server.url);
    const applied = await link.readLast('events-operations', 'events-operations.config');
    const text = Buffer.from(applied?.data ?? []).toString();
    expect(JSON.parse(text)).toMatchObject({ config: { keys: config.keys } });
    expect(text).not.toContain(key);
    run.child.kill('SIGTERM');
    await run.ended;
  });

  it('are not published without a key, and what is none is refused before anything runs', async () => {
    const server = await natsForTest();
    const { viewer } = await projects(server.url);
    expect(await viewer.cli(['pipeline', 'apply', '--yes'])).toMatchObject({ exitCode: 0 });
    const refused = await publish(viewer, { email: secret });
    expect(refused.exitCode).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      error: { code: 'NO_KEY', message: 'the key env://EVENTS_KEY is not there' },
    });
    await writeFile(join(viewer.folder, '.env'), 'EVENTS_KEY=aHVudGVyMg==\n');
    const started = await viewer.start().ended;
    expect(started.exitCode).toBe(2);
    expect(started.stderr).toContain(
      'the key env://EVENTS_KEY: expected a key of 256 bits in base64 or base64url, found 56 bits',
    );
    expect(started.stderr).not.toContain('aHVudGVy');
  });
});
