import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, expect, test } from 'vitest';
import { connectTo } from '../support/connect.js';
import { natsForTest } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** The server that the config names, and the one that the operator means. */
let [usual, prod] = ['', ''];
let cwd: string;
let env: Record<string, string>;

beforeEach(async () => {
  [usual, prod] = [(await natsForTest()).url, (await natsForTest()).url];
  cwd = await temporaryFolder();
  const contexts = path.join(cwd, 'home', 'nats', 'context');
  await mkdir(contexts, { recursive: true });
  await writeFile(path.join(contexts, 'prod.json'), JSON.stringify({ url: prod }));
  const config = {
    name: 'suggesting',
    server: { url: usual },
    events: { 'totp.requested': {} },
    consumers: { mailer: { events: ['totp.requested'], external: true } },
  };
  await writeFile(path.join(cwd, 'my pipeline.json'), JSON.stringify(config));
  // What a person has on the PATH.
  const program = path.join(cwd, 'plutomi-events');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 });
  env = {
    PATH: `${cwd}:${process.env['PATH']}`,
    HOME: path.join(cwd, 'home'),
    XDG_CONFIG_HOME: path.join(cwd, 'home'),
    XDG_CACHE_HOME: path.join(cwd, 'cache'),
  };
});

const options = () =>
  ({ cwd, env, extendEnv: false, reject: false, stdin: 'ignore', stripFinalNewline: false }) as const;
const run = (...words: string[]) =>
  execa(process.execPath, [bin, ...words, '-c', 'my pipeline.json'], options());
/** Pasted into a shell. */
const paste = (line: string) => execa('sh', ['-c', line], options());

async function hasStreams(url: string): Promise<boolean> {
  await using link = await connectTo(url);
  return (await link.streamInfo('events')) !== undefined;
}

const publish = ['events', 'publish', 'totp.requested', '--data', '{}'];

test('a suggested command goes where the one before it went', async () => {
  const next = "plutomi-events pipeline apply --context prod --config 'my pipeline.json'";
  const failed = await run(...publish, '--context', 'prod');
  expect(failed.stderr).toContain(`→ ${next}\n`);
  const json = await run(...publish, '--context', 'prod', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'NO_STREAM', suggestions: [next] } });

  expect(await paste(`${next} --yes`)).toMatchObject({ exitCode: 0 });
  expect([await hasStreams(prod), await hasStreams(usual)]).toEqual([true, false]);
  expect(await run(...publish, '--context', 'prod')).toMatchObject({ exitCode: 0 });
});

test('what is printed beside a result does so too, and the nats CLI is sent there', async () => {
  const at = ['--server', prod];
  await run('pipeline', 'apply', '--yes', ...at);
  const gone = { name: 'suggesting', server: { url: usual }, events: { 'totp.requested': {} } };
  await writeFile(path.join(cwd, 'my pipeline.json'), JSON.stringify(gone));
  const plan = await run('pipeline', 'apply', '--dry-run', ...at);
  expect(plan.stdout).toContain(`nats consumer rm events mailer --server ${prod}\n`);
});

test('the server of the config is named to the nats CLI, which does not know it', async () => {
  await run('pipeline', 'apply', '--yes');
  const gone = { name: 'suggesting', server: { url: usual }, events: { 'totp.requested': {} } };
  await writeFile(path.join(cwd, 'my pipeline.json'), JSON.stringify(gone));
  const plan = await run('pipeline', 'apply', '--dry-run');
  expect(plan.stdout).toContain(`nats consumer rm events mailer --server ${usual}\n`);
});

test('no secret is repeated', async () => {
  const secret = 's3cret-word';
  const url = prod.replace('//', `//ada:${secret}@`);
  for (const at of [
    ['--server', url],
    ['--server', prod, '--user', 'ada', '--password', secret],
    ['--server', prod, '--token', secret],
  ]) {
    const { stdout, stderr, exitCode } = await run(...publish, ...at);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('plutomi-events pipeline apply --server '),
    ]);
    expect(stdout + stderr).not.toContain(secret);
  }
});

test('an argument that is missing', async () => {
  const { stderr } = await run('dlq', 'show', '--context', 'prod');
  expect(stderr).toContain(
    "→ see which there are: plutomi-events dlq list --context prod --config 'my pipeline.json'\n",
  );
  expect(stderr).toContain('→ plutomi-events dlq show --help\n');
});
