import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { unprintable } from '../../support/hostile.js';
import { type LogOptions, silentLogger } from '../../../src/lib/observe/log.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs `body` with a `log` of these options in a process of its own; what it wrote. */
async function logged(options: LogOptions, body: string): Promise<{ stdout: string; stderr: string }> {
  const script = `
    import { createJiti } from 'jiti';
    const jiti = createJiti(process.cwd() + '/');
    const { makeLogger } = await jiti.import('./src/lib/observe/log.ts');
    const log = makeLogger(${JSON.stringify(options)});
    ${body}`;
  const child = await execa(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    reject: false,
  });
  return { stdout: child.stdout, stderr: child.stderr };
}

const json: LogOptions = { level: 'info', fd: 2, readable: false, color: false };

describe('a logger', () => {
  test('writes JSON lines with level, ISO time, facts and message', async () => {
    const { stdout, stderr } = await logged(
      json,
      `log.info({ consumer: 'c', attempt: 2 }, 'routed'); log.error(new Error('broken'), 'failed');`,
    );
    const [first = '', second = ''] = stderr.split('\n');
    expect(JSON.parse(first)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
      consumer: 'c',
      attempt: 2,
      msg: 'routed',
    });
    expect(JSON.parse(second)).toMatchObject({ level: 'error', msg: 'failed', err: { message: 'broken' } });
    expect(stdout).toBe('');
  });

  test.each([false, true])(
    'readable %s: nothing that a terminal would obey, wherever it stands',
    async (readable) => {
      const bad = '\\u001b]0;owned\\u0007\\u009b2J\\u202e\\r\\n';
      const { stderr } = await logged(
        { ...json, readable, color: false },
        `const bad = '${bad}';
       const err = Object.assign(new Error(bad), { stack: 'Error: ' + bad + '    at x' });
       log.child({ consumer: bad }).error({ [bad]: 1, deep: { list: [bad] }, err }, bad); log.info('%s', bad);`,
      );
      expect(stderr).not.toMatch(unprintable);
      // A stack begins with the message of its error.
      expect(stderr.match(/u001b\]0;owned/g)).toHaveLength(readable ? 6 : 7);
      expect(stderr).toMatch(readable ? /\n {8}at x|\n +at x/ : /\\n {4}at x/);
    },
  );

  test('writes to stdout where that is asked for', async () => {
    const { stdout, stderr } = await logged({ ...json, fd: 1 }, `log.warn('x');`);
    expect(JSON.parse(stdout)).toMatchObject({ level: 'warn', msg: 'x' });
    expect(stderr).toBe('');
  });

  test.each([
    ['error', ['error', 'fatal']],
    ['info', ['info', 'warn', 'error', 'fatal']],
    ['trace', ['trace', 'debug', 'info', 'warn', 'error', 'fatal']],
    ['silent', []],
  ] as const)('of level %s writes that level and above', async (level, levels) => {
    const { stderr } = await logged(
      { ...json, level },
      `for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level](level);`,
    );
    const lines = stderr.split('\n').filter(Boolean);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(levels);
  });

  test.each([json, { ...json, readable: true }])(
    'has written its last line when the process ends at once (%j)',
    async (options) => {
      const { stderr } = await logged(
        options,
        `log.fatal('the last words'); process.kill(process.pid, 'SIGKILL');`,
      );
      expect(stderr).toContain('the last words');
    },
  );

  test('writes one line for people: time, level, message and facts, without colours unless asked for', async () => {
    const body = `log.warn({ consumer: 'c', origin: 'events/2', stage: 'main', attempt: 1, reason: '\\u001b[31mred\\u0007' }, 'attempt failed');`;
    const plain = await logged({ ...json, readable: true }, body);
    expect(plain.stderr).toMatch(/^\[\d{2}:\d{2}:\d{2}\] WARN: c\/2 main #1 failed: \\u001b\[31mred\\u0007$/);
    expect(plain.stderr).not.toMatch(/[\u001b\u0007]/);
    const coloured = await logged({ ...json, readable: true, color: true }, body);
    expect(coloured.stderr).toContain('\u001b[33mWARN\u001b[39m');
    expect(coloured.stderr).not.toContain('\u001b[31mred');
  });
});

test('a silent logger writes nothing, and gives children that do not either', () => {
  const log = silentLogger();
  expect(log.isLevelEnabled('fatal')).toBe(false);
  expect(log.child({ consumer: 'c' }).isLevelEnabled('fatal')).toBe(false);
});
