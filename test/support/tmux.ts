import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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
  /** Every byte that was written to it, as UTF-8; a byte that is none is U+FFFD. Only with `record`. */
  raw(): Promise<string>;
  /** What programs can change besides the text. */
  state(): Promise<TerminalState>;
  /** Resolves with the text once it contains `expected`. */
  waitFor(expected: string | RegExp, deadlineMs?: number): Promise<string>;
  /** Resolves with the exit code once the command has ended. */
  exitCode(deadlineMs?: number): Promise<number>;
}

export interface TerminalState {
  readonly title: string;
  /** What a program put into the clipboard (OSC 52); empty: nothing. */
  readonly clipboard: string;
  readonly cursorShown: boolean;
  readonly alternateScreen: boolean;
}

export interface TerminalOptions {
  readonly cwd: string;
  /** Added to, and stronger than, what a terminal sets (TERM, HOME, PATH). */
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
  /** Keep what is written, for `raw`: the command starts when the recording does. */
  readonly record?: boolean;
}

const endMark = 'terminal-test-exit';

/** Starts a command under tmux, on a server of its own that ends with the terminal. */
export async function openTerminal(command: readonly string[], options: TerminalOptions): Promise<Terminal> {
  const socket = `plutomi-${randomUUID()}`;
  const { cwd, env = {}, columns = 120, rows = 50, record = false } = options;
  const tmux = async (...words: string[]): Promise<string> => {
    const own = { PATH: process.env['PATH'] ?? '', HOME: cwd, LANG: 'C.UTF-8', TERM: 'xterm-256color' };
    const settings = { cwd, env: own, extendEnv: false } as const;
    return (await execa('tmux', ['-L', socket, '-f', '/dev/null', ...words], settings)).stdout;
  };
  // The shell outlives Ctrl-C, to tell the exit code; then it keeps the screen.
  const recorded = join(cwd, `${socket}.raw`);
  const wait = record ? `until [ -e ${recorded} ]; do sleep 0.02; done; ` : '';
  const script = `trap : INT TERM; ${wait}"$@"; printf '\\n${endMark} %s\\n' "$?"; exec cat`;
  const size = ['-x', String(columns), '-y', String(rows)];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  await tmux('new-session', '-d', ...size, 'sh', '-c', script, 'sh', 'env', ...variables, ...command);
  if (record) {
    await tmux('set', '-g', 'set-clipboard', 'on');
    await tmux('set', '-g', 'allow-set-title', 'on').catch(() => '');
    await tmux('pipe-pane', `cat > ${recorded}`);
  }
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
    raw: async () => new TextDecoder().decode(await readFile(recorded)),
    state: async () => {
      const format = '#{pane_title}|#{cursor_flag}|#{alternate_on}';
      const [title = '', cursor, alternate] = (await tmux('display-message', '-p', format)).split('|');
      return {
        title,
        clipboard: await tmux('show-buffer').catch(() => ''),
        cursorShown: cursor === '1',
        alternateScreen: alternate === '1',
      };
    },
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    exitCode: async (deadlineMs) => {
      const seen = await waitFor(new RegExp(`^${endMark} \\d+$`, 'm'), deadlineMs);
      return Number(new RegExp(`^${endMark} (\\d+)$`, 'm').exec(seen)?.[1]);
    },
    [Symbol.asyncDispose]: async () => void (await tmux('kill-server').catch(() => '')),
  };
}
