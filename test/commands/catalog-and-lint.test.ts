import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { natsForTest } from '../support/pipeline.js';
import { runOnTerminal } from '../support/on-terminal.js';
import { makeProject } from '../support/project.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const zod = fileURLToPath(new URL('../../node_modules/zod', import.meta.url));
/** Nothing answers there: it is not asked either. */
const nowhere = 'nats://127.0.0.1:1';
const config = {
  name: 'shop',
  events: {
    'order.placed': { description: 'An order', owner: 'shop', examples: [{ id: 7 }] },
    'send.email': { deprecated: 'use email.requested' },
  },
  consumers: {
    mailer: { events: ['send.email'], handler: './handler.mjs' },
    audit: { subjects: ['events.order.>'], external: true },
  },
};
const files = { 'handler.mjs': 'export default async () => {};\n' };

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const ajv = new Ajv({ allowUnionTypes: true });
const strict = (properties: Record<string, object>) => ({
  type: 'object',
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
});
const isCatalog = ajv.compile(
  strict({
    pipeline: text,
    stream: strict({ name: text, subjects: { type: 'array', items: text }, maxAgeMs: { type: 'integer' } }),
    events: {
      type: 'array',
      items: strict({
        type: text,
        subject: text,
        template: textOrNull,
        description: textOrNull,
        owner: textOrNull,
        deprecated: { type: ['boolean', 'string'] },
        encrypted: { type: 'boolean' },
        maxBytes: { type: 'integer' },
        schema: { type: ['object', 'null'] },
        schemaProblem: textOrNull,
        examples: { type: 'array' },
        consumers: { type: 'array', items: strict({ name: text, external: { type: 'boolean' } }) },
      }),
    },
  }),
);
const isLint = ajv.compile(
  strict({ findings: { type: 'array', items: strict({ path: text, rule: text, message: text }) } }),
);

test('events catalog: Markdown, AsyncAPI in JSON and YAML, and JSON; no server is asked', async () => {
  const project = await makeProject(nowhere, {}, files);
  await rm(join(project.folder, 'plutomi-events.config.json'));
  await mkdir(join(project.folder, 'node_modules'));
  await symlink(zod, join(project.folder, 'node_modules', 'zod'));
  await writeFile(
    join(project.folder, 'plutomi-events.config.mjs'),
    `import { z } from 'zod';
    const config = ${JSON.stringify(config)};
    config.events['order.placed'].schema = z.object({ id: z.int() });
    export default config;`,
  );
  const run = async (...words: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await project.cli(['events', 'catalog', ...words]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  };
  expect(await run()).toContain('| order.placed | events.order.placed | shop | audit (external) |');
  const json: unknown = JSON.parse(await run('--json'));
  expect(isCatalog(json) ? [] : isCatalog.errors).toEqual([]);
  expect(json).toMatchObject({ events: [{ schema: { properties: { id: { type: 'integer' } } } }, {}] });
  expect(JSON.parse(await run('--format', 'json'))).toEqual(json);
  const document: unknown = JSON.parse(await run('--format', 'asyncapi', '--doc-version', '1.2.3'));
  expect(document).toMatchObject({ asyncapi: '3.1.0', info: { title: 'shop', version: '1.2.3' } });
  const yaml = await run('--format', 'yaml', '--doc-version', '1.2.3');
  expect(parse(yaml)).toEqual(document);
  // Readers of AsyncAPI need not know of anchors.
  expect(yaml).not.toMatch(/[:-] [&*]a\d/);
});

test('events catalog without the project: of what was applied', async () => {
  const { url } = await natsForTest();
  const project = await makeProject(url, config, files);
  await project.cli(['pipeline', 'apply', '--yes']);
  const here = await project.cli(['events', 'catalog', '--json']);
  await rm(join(project.folder, 'plutomi-events.config.json'));
  const elsewhere = await project.cli(['events', 'catalog', '--json']);
  expect(elsewhere).toMatchObject({ exitCode: 0, stdout: here.stdout });
  expect(JSON.parse(elsewhere.stdout)).toMatchObject({ events: [{ examples: [{ id: 7 }] }, {}] });
});

test('config lint: exit 0, and 1 with --strict; nothing to say is exit 0', async () => {
  const project = await makeProject(nowhere, config, files);
  const found = await project.cli(['config', 'lint']);
  expect(found).toMatchObject({ exitCode: 0, stderr: '' });
  expect(found.stdout.split('\n')).toEqual([
    expect.stringMatching(
      /^events\["send\.email"\]: "send\.email" reads like a command: .* \(command-name\)$/,
    ),
    'events["send.email"]: other types have an owner, and this one has none (no-owner)',
    'events["send.email"].deprecated: it is deprecated, and mailer still reads it (deprecated-read)',
  ]);
  const json = await project.cli(['config', 'lint', '--json', '--strict']);
  expect(json.exitCode).toBe(1);
  const result: unknown = JSON.parse(json.stdout);
  expect(isLint(result) ? [] : isLint.errors).toEqual([]);
  await writeFile(join(project.folder, 'plutomi-events.config.json'), '{"name": "p"}');
  expect(await project.cli(['config', 'lint', '--strict'])).toEqual({
    exitCode: 0,
    stdout: 'nothing to say',
    stderr: '',
  });
});

test('config lint on a narrow terminal breaks its lines between words, and sets apart what goes on', async () => {
  const project = await makeProject(nowhere, config, files);
  const { stdout } = await project.cli(['config', 'lint']);
  const lint = [process.execPath, bin, 'config', 'lint'];
  const [narrow, wide] = await Promise.all(
    [40, 300].map(async (columns) => (await runOnTerminal([lint], { cwd: project.folder, columns }))[0]),
  );
  expect(wide?.text).toBe(`${stdout}\n`);
  const lines = narrow?.text.trimEnd().split('\n') ?? [];
  expect(lines.length).toBeGreaterThan(stdout.split('\n').length);
  expect(lines.filter((line) => line.length > 40)).toEqual([]);
  expect(lines.join('\n').replaceAll('\n  ', ' ')).toBe(stdout);
}, 30_000);
