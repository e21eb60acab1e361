import { describe, expect, test } from 'vitest';
import { fillIn } from '../../../../src/lib/config/validation/fill-in.js';
import { Problems } from '../../../../src/lib/config/validation/problems.js';
import { worded } from '../../../support/suggestions.js';
import { validateConfig } from '../../../../src/lib/config/validation/validate.js';

const variables = { SHOP: 'shop', N: '3', FLAG: 'true', EMPTY: '', TIMEOUT: '30', DB_PASSWORD: 'hunter2' };

function filled(value: unknown) {
  const problems = new Problems();
  return { value: fillIn(value, variables, problems), problems: problems.all };
}

describe('texts are filled in from the environment', () => {
  test.each([
    ['${SHOP}', 'shop'],
    ['a-${SHOP}-${N}', 'a-shop-3'],
    ['${NONE:-other}', 'other'],
    ['${EMPTY:-other}', 'other'],
    ['${SHOP:-other}', 'shop'],
    ['${NONE:-}', ''],
    ['${NONE:-a:-b c}', 'a:-b c'],
    ['$${SHOP}', '${SHOP}'],
    ['$$${SHOP}', '$${SHOP}'],
    ['$SHOP and $5', '$SHOP and $5'],
    ['$', '$'],
  ])('%s is %s', (written, text) => {
    expect(filled({ name: written })).toEqual({ value: { name: text }, problems: [] });
  });

  test('what a variable holds is not filled in again', () => {
    const problems = new Problems();
    expect(fillIn({ name: '${A}' }, { A: '${B}', B: 'x' }, problems)).toEqual({ name: '${B}' });
  });

  test('in lists and at any depth, and nothing but texts', () => {
    const value = { latestOnly: ['events.${SHOP}.*'], replicas: 3, consumers: { c: { timeout: '${N}s' } } };
    expect(filled(value).value).toEqual({
      latestOnly: ['events.shop.*'],
      replicas: 3,
      consumers: { c: { timeout: '3s' } },
    });
  });

  test('alone, it may be a number, true or false: where the schema wants that', () => {
    const value = {
      name: '${N}',
      replicas: '${N}',
      protected: '${FLAG}',
      streams: { events: { maxBytes: '${N}', maxMsgs: '${N}' } },
      consumers: { c: { retry: '${OFF:-false}', attempts: 'x${N}', timeout: '${TIMEOUT}' } },
    };
    expect(filled(value).value).toEqual({
      name: '3',
      replicas: 3,
      protected: true,
      streams: { events: { maxBytes: '3', maxMsgs: 3 } },
      consumers: { c: { retry: false, attempts: 'x3', timeout: '30' } },
    });
  });
});

describe('what can not be filled in is refused', () => {
  test.each([
    ['${NONE}', 'the environment has no NONE, and there is no default for it'],
    ['${EMPTY}', 'the environment has no EMPTY, and there is no default for it'],
    ['a ${', 'expected ${NAME} or ${NAME:-default}, found "a ${"; a plain ${ is written $${'],
    ['${}', 'expected ${NAME} or ${NAME:-default}, found "${}"; a plain ${ is written $${'],
    ['${1A}', 'expected ${NAME} or ${NAME:-default}, found "${1A}"; a plain ${ is written $${'],
    ['${A-b}', 'expected ${NAME} or ${NAME:-default}, found "${A-b}"; a plain ${ is written $${'],
  ])('%s', (written, message) => {
    expect(filled({ name: written }).problems).toEqual([{ path: 'name', message }]);
  });

  test('a name', () => {
    expect(filled({ events: { '${SHOP}.placed': {} } }).problems).toEqual([
      { path: 'events["${SHOP}.placed"]', message: 'expected a plain key: only values are filled in' },
    ]);
  });

  test('all at once, each once, with what else is wrong', async () => {
    const config = {
      name: '${NONE}',
      replicas: '${SHOP}',
      events: { a: {} },
      consumers: { c: { events: ['${ALSO_NONE}'], handler: './x.mjs', timeout: '${TIMEOUT}', atempts: 1 } },
    };
    const { problems, suggestions } = await validateConfig(config, '/', { variables, fills: true });
    expect(suggestions).toEqual([
      'set NONE and ALSO_NONE in the environment or in .env, or write a default: ${NONE:-default}',
      worded('plutomi-events config schema replicas   # what it may contain'),
      worded('plutomi-events config schema consumers.c.timeout   # what it may contain'),
      worded('plutomi-events config schema consumers.c   # what it may contain'),
    ]);
    expect(problems).toEqual([
      { path: 'name', message: 'the environment has no NONE, and there is no default for it' },
      {
        path: 'consumers.c.events[0]',
        message: 'the environment has no ALSO_NONE, and there is no default for it',
      },
      { path: 'replicas', message: 'expected a whole number from 1 to 5, found "shop" (by "${SHOP}")' },
      {
        path: 'consumers.c.timeout',
        message: 'expected a duration like 5m, found "30" (by "${TIMEOUT}")',
      },
      { path: 'consumers.c.atempts', message: 'unknown key; did you mean attempts?' },
    ]);
  });
});

describe('a secret is not stored on the server unknowingly', () => {
  test('by its name, where it would be stored', () => {
    expect(filled({ streams: { events: { name: 'events-${DB_PASSWORD}' } } }).problems).toEqual([
      {
        path: 'streams.events.name',
        message: expect.stringContaining('expected no secret, found DB_PASSWORD'),
      },
    ]);
  });

  test('by its form, whatever its name', () => {
    const problems = new Problems();
    fillIn({ name: '${A}' }, { A: `SU${'A'.repeat(56)}` }, problems);
    expect(problems.all).toEqual([{ path: 'name', message: expect.stringContaining('found A:') }]);
    expect(JSON.stringify(problems.all)).not.toContain('AAAA');
  });

  test('where it stays here, it is fine', () => {
    const url = 'https://a.example/${DB_PASSWORD}';
    const value = {
      server: { url: 'nats://me:${DB_PASSWORD}@h' },
      alerts: { webhook: url },
      consumers: { c: { onDeadLetter: { webhook: url } } },
    };
    expect(filled(value).problems).toEqual([]);
  });

  test('a name that only begins like one is fine', () => {
    expect(filled({ name: '${TOKEN_SERVICE:-tokens}' }).problems).toEqual([]);
  });
});

test('without an environment, ${…} stands for itself', async () => {
  const { problems } = await validateConfig({ name: '${SHOP}' }, '/');
  expect(problems).toEqual([{ path: 'name', message: expect.stringContaining('found "${SHOP}"') }]);
});
