import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contextOf } from '../../../src/lib/connection/resolve-target.js';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { ConnectionError } from '../../../src/lib/errors.js';
import { locateConfig, requireNamed } from '../../../src/lib/open/locate-config.js';
import { makeConfig } from '../../support/config.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const config = makeConfig();
const target = { servers: ['nats://u:hunter2@h:1'], source: 'NATS_URL', name: 'n', timeoutMs: 1 };
const refused = (): never => {
  throw new ConnectionError("can't connect", { code: 'UNREACHABLE' });
};
const never = (): never => {
  throw new Error('nothing is connected to');
};

test('where there is a config file, no server is asked for anything', async () => {
  const cwd = await temporaryFolder();
  const file = join(cwd, 'plutomi-events.config.json');
  await writeFile(file, '{}');
  const loaded: string[] = [];
  const load = async (name: string) => {
    loaded.push(name);
    return config;
  };
  const nowhere = { cwd, load, target: never, connect: never };
  expect(await locateConfig(nowhere)).toEqual({ config });
  expect(await locateConfig({ ...nowhere, file: 'other.json' })).toEqual({ config });
  expect(loaded).toEqual([file, 'other.json']);
});

test('a server that was named, and can not be reached, is the problem; else the config file is', async () => {
  const cwd = await temporaryFolder();
  const options = { cwd, load: never, connect: refused };
  await expect(locateConfig({ ...options, target: async () => target })).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
  const unnamed = locateConfig({ ...options, target: async () => ({ ...target, source: 'the default' }) });
  await expect(unnamed).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^no config file: .*no server was named.*nats:\/\/h:1$/),
  });
});

test('who names another pipeline than the config file is refused', () => {
  expect(() => requireNamed(config, { name: 'test', from: '--pipeline' })).not.toThrow();
  expect(() => requireNamed(config, { name: 'live', from: 'PLUTOMI_PIPELINE' })).toThrow(
    'PLUTOMI_PIPELINE says live, and /nowhere/plutomi-events.config.json is the config of test',
  );
});

test.each([
  [{}, {}, undefined, undefined],
  [{ context: 'a' }, { NATS_CONTEXT: 'b' }, 'c', 'a'],
  [{ server: 'nats://h' }, { NATS_CONTEXT: 'b' }, 'c', 'b'],
  [{}, {}, 'c', 'c'],
  [{ server: 'nats://h' }, {}, 'c', undefined],
  [{}, { NATS_URL: 'nats://h' }, 'c', undefined],
])(
  'the context that counts, of flags %j, variables %j and config %j, is %j',
  (flags, variables, name, expected) => {
    const environment = readEnvironment({ HOME: '/', ...variables }, '/');
    const configured = name === undefined ? {} : { configured: { context: name } };
    expect(contextOf({ flags, environment, ...configured })).toBe(expected);
  },
);
