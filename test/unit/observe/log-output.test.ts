import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { openUnreadPipe, type UnreadPipe } from '../../support/unread-pipe.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs `body` in a process of its own, whose `log` goes to the pipe. It says on stderr how far it is. */
function logging(
  { fd }: Pick<UnreadPipe, 'fd'>,
  readable: boolean,
  body: string,
): ChildProcess & { stderr: Readable } {
  const script = `
    import { createJiti } from 'jiti';
    const jiti = createJiti(process.cwd() + '/');
    const { makeLogger } = await jiti.import('./src/lib/observe/log.ts');
    const log = makeLogger({ level: 'info', fd: 1, readable: ${readable}, color: false });
    const lines = (count) => { for (let i = 0; i < count; i++) log.info('line ' + i + ' ' + 'x'.repeat(400)); };
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['pipe', fd, 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { stderr: Readable };
}

const numbers = (written: string): number[] =>
  [...written.matchAll(/line (\d+) x{400}/g)].map(([, number]) => Number(number));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each([false, true])('a log that nobody reads (for people: %s)', (readable) => {
  test('holds nobody up; once it is read it says in its place how many lines are missing', async () => {
    const pipe = await openUnreadPipe();
    const child = logging(
      pipe,
      readable,
      `lines(20_000); process.stderr.write('went on');
       process.stdin.once('end', () => process.exit()).resume();
       setInterval(() => log.info('alive'), 5);`,
    );
    await once(child.stderr, 'data');
    let written = '';
    pipe.read().on('data', (chunk: Buffer) => {
      written += chunk.toString();
    });
    await eventually('it logs again', () => written.includes('alive'), 20_000);
    child.stdin?.end();
    await once(child, 'exit');
    const lines = written.split('\n');
    const warning = lines.findIndex((line) => line.includes('the log was not read fast enough'));
    const kept = numbers(lines.slice(0, warning).join('\n'));
    expect(kept).toEqual(upTo(kept.length));
    // Four megabytes.
    expect(kept.length).toBeGreaterThan(5000);
    expect(numbers(lines.slice(warning).join('\n'))).toEqual([]);
    const missing = /"lines":(\d+)|\(lines (\d+)\)/.exec(lines[warning] ?? '');
    // What it says every few milliseconds may be missing too.
    expect(Number(missing?.[1] ?? missing?.[2])).toBeGreaterThanOrEqual(20_000 - kept.length);
  }, 60_000);

  test('has its last lines written when the process ends and somebody reads at last', async () => {
    const pipe = await openUnreadPipe();
    const child = logging(pipe, readable, `lines(5000); process.stderr.write('ends'); process.exit(3);`);
    await once(child.stderr, 'data');
    const written = text(pipe.read());
    expect(await once(child, 'exit')).toEqual([3, null]);
    expect(numbers(await written)).toEqual(upTo(5000));
  }, 60_000);

  test('does not keep the process from ending', async () => {
    const child = logging(await openUnreadPipe(), readable, `lines(5000); process.exitCode = 4;`);
    child.stdin?.end();
    expect(await once(child, 'exit')).toEqual([4, null]);
  }, 60_000);
});

test('lines of several loggers stay whole when they share a pipe that is full', async () => {
  const pipe = await openUnreadPipe();
  const child = logging(
    pipe,
    false,
    // Longer than a pipe holds: each is taken in parts.
    `const other = makeLogger({ level: 'info', fd: 1, readable: false, color: false });
     for (let i = 0; i < 20; i++) for (const one of [log, other]) one.info('x'.repeat(100_000));
     log.info('end'); other.info('end');
     process.stdin.once('end', () => process.exit()).resume();
     process.stderr.write('logged');`,
  );
  await once(child.stderr, 'data');
  let written = '';
  pipe.read().on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  await eventually('all is written', () => written.split('"end"').length === 3, 20_000);
  child.stdin?.end();
  await once(child, 'exit');
  const lines = written.split('\n').filter(Boolean);
  const whole = lines.filter((line) =>
    /^\{"level":"info","time":"[^"]+","msg":"(x{100000}|end)"\}$/.test(line),
  );
  expect([lines.length, whole.length]).toEqual([42, 42]);
}, 60_000);

test.skipIf(!existsSync('/proc/self/fd'))(
  'any number of loggers need one descriptor, and one that writes nothing needs none',
  async () => {
    const pipe = await openUnreadPipe();
    const child = logging(
      pipe,
      false,
      `const { readdirSync } = await import('node:fs');
     const open = () => readdirSync('/proc/self/fd').length;
     const before = open();
     const make = (level) => makeLogger({ level, fd: 1, readable: false, color: false });
     make('silent').fatal('unheard');
     const silent = open() - before;
     for (let i = 0; i < 50; i++) make('info').info('heard');
     process.stderr.write(silent + ' ' + (open() - before), () => process.exit());`,
    );
    pipe.read().resume();
    expect(await text(child.stderr)).toBe('0 1');
  },
  60_000,
);

test('a child process that shares the pipe does not make the log wait', async () => {
  const pipe = await openUnreadPipe();
  const child = logging(
    pipe,
    false,
    `const { spawnSync } = await import('node:child_process');
     spawnSync('true', { stdio: 'inherit' });
     lines(1000); process.exit(5);`,
  );
  expect(await once(child, 'exit')).toEqual([5, null]);
}, 60_000);

test.skipIf(!existsSync('/dev/full'))(
  'a full disk ends nothing',
  async () => {
    const fd = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(fd));
    const child = logging({ fd }, false, `lines(10); process.exit(6);`);
    expect(await once(child, 'exit')).toEqual([6, null]);
  },
  60_000,
);
