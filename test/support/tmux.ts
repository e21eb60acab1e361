import { randomUUID } from 'node:crypto';
import { execa } from 'execa';
import { eventually } from './eventually.js';

/** A command in a real terminal. Dispose of it: `await using`. */
export interface Terminal extends AsyncDisposable {
  /** Presses keys by their tmux names (`Enter`, `C-c`, `Space`, `Down`) or types text. */
  press(...keys: string[]): Promise<void>;
  /** All that was written, without colours and trailing blanks; lines that scrolled away too. */
  text(): Promise<string>;
  /** The same with the escape sequences of colours. */
  colored(): Promise<string>;
  /** Resolves with the text once it contains `expected`. */
  waitFor(expected: string | RegExp, deadlineMs?: number): Promise<string>;
  /** Resolves with the exit code once the command has ended. */
  exitCode(deadlineMs?: number): Promise<number>;
}

export interface TerminalOptions {
  readonly cwd: string;
  /** Added to, and stronger than, what a terminal sets (TERM, HOME, PATH). */
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

const endMark = 'terminal-test-exit';

/** Starts a command under tmux, on a server of its own that ends with the terminal. */
export async function openTerminal(command: readonly string[], options: TerminalOptions): Promise<Terminal> {
  const socket = `plutomi-${randomUUID()}`;
  const { cwd, env = {}, columns = 120, rows = 50 } = options;
  const tmux = async (...words: string[]): Promise<string> => {
    const own = { PATH: process.env['PATH'] ?? '', HOME: cwd, LANG: 'C.UTF-8', TERM: 'xterm-256color' };
    const settings = { cwd, env: own, extendEnv: false } as const;
    return (await execa('tmux', ['-L', socket, '-f', '/dev/null', ...words], settings)).stdout;
  };
  // The shell outlives Ctrl-C, to tell the exit code; then it keeps the screen.
  const script = `trap : INT TERM; "$@"; printf '\\n${endMark} %s\\n' "$?"; exec cat`;
  const size = ['-x', String(columns), '-y', String(rows)];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await tmux('new-session', '-d', ...size, 'sh', '-c', script, 'sh', 'env', ...variables, ...command);
  const capture = async (...words: string[]): Promise<string> =>
    (await tmux('capture-pane', '-p', '-J', '-S', '-', ...words)).trimEnd();
  const text = (): Promise<string> => capture();
  const waitFor: Terminal['waitFor'] = async (expected, deadlineMs = 15_000) => {
    let seen = '';
    const found = async (): Promise<boolean> => {
      seen = await text();
      return typeof expected === 'string' ? seen.includes(expected) : expected.test(seen);
    };
    await eventually(`the terminal shows ${expected}`, found, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}. It shows:\n${seen}`, { cause: error });
    });
    return seen;
  };
  return {
    text,
    waitFor,
    // tmux says the default background before each colour.
    colored: async () => (await capture('-e')).replaceAll('\u001b[49m', ''),
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    exitCode: async (deadlineMs) => {
      const seen = await waitFor(new RegExp(`^${endMark} \\d+$`, 'm'), deadlineMs);
      return Number(new RegExp(`^${endMark} (\\d+)$`, 'm').exec(seen)?.[1]);
    },
    [Symbol.asyncDispose]: async () => void (await tmux('kill-server').catch(() => '')),
  };
}
