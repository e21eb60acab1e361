import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type ResultPromise } from 'execa';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.js';
import { eventually } from './eventually.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a JSON config and handler files, outside the project; and the real binary run in it. */
export interface Project {
  readonly folder: string;
  /** Runs `plutomi-events <words>` to its end, without a terminal. */
  cli(words: readonly string[]): Promise<Ended>;
  /** Starts `pipeline run`; killed when the test ends. */
  start(words?: readonly string[]): RunningCommand;
  /** What handlers have written with `appendFileSync('out.log', …)`, by line. */
  lines(file?: string): Promise<string[]>;
}

export interface RunningCommand {
  readonly child: ResultPromise<{ reject: false }>;
  /** Parsed log lines so far. */
  logs(): Record<string, unknown>[];
  until(message: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

export async function makeProject(
  url: string,
  config: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
): Promise<Project> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'plutomi-events.config.json'), JSON.stringify(config));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const env = {
    ...(process.env['NATS_SERVER_BIN'] === undefined
      ? {}
      : { NATS_SERVER_BIN: process.env['NATS_SERVER_BIN'] }),
    PATH: process.env['PATH'] ?? '',
    NATS_URL: url,
    OUT: join(folder, 'out.log'),
    XDG_CACHE_HOME: join(folder, '.cache'),
    XDG_CONFIG_HOME: join(folder, '.config'),
  };
  const options = { cwd: folder, env, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  return {
    folder,
    cli: async (words) => {
      const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...words], options);
      return { exitCode, stdout, stderr };
    },
    start: (words = []) => startRun(words, options),
    lines: async (file = 'out.log') => {
      const text = await readFile(join(folder, file), 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    },
  };
}

function startRun(words: readonly string[], options: { readonly cwd: string }): RunningCommand {
  const child = execa(process.execPath, [bin, 'pipeline', 'run', ...words], { ...options, reject: false });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const logs = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    child: child as RunningCommand['child'],
    logs,
    until: (message) =>
      eventually(
        `the log says "${message}":\n${text}`,
        () => logs().some((line) => String(line['msg']).includes(message)),
        20_000,
      ),
    ended: child.then(({ exitCode, stdout, stderr }) => ({
      exitCode,
      stdout,
      stderr,
    })),
  };
}

/** A handler module that appends `<attempt> <stage> <seq>` to a file, then runs `body`. */
export function handlerText(body: string): string {
  return `import { appendFileSync } from 'node:fs';
import { Reject, Snooze } from 'plutomi-events';
const out = process.env.OUT;
export default async (event, context) => {
  appendFileSync(out, \`\${context.stage} \${context.attempt} \${event.seq}\\n\`);
  ${body}
};
`;
}
