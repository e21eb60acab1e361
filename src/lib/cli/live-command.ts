import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '@oclif/core/command';
import { escapeJson, escapeLine } from '../domain/escape.js';
import { ConnectionError, UsageError } from '../errors.js';
import { ClosedError } from '../nats/errors.js';
import { clipColumns } from '../render/columns.js';
import { BaseCommand } from './base-command.js';
import { LiveScreen } from './output/live-screen.js';

/** A server that is away may come back; a connection that is closed does not. */
function mayPass(error: unknown): error is ConnectionError {
  return error instanceof ConnectionError && !(error instanceof ClosedError);
}

/** Between the end of a reading and the next one. */
export const watchPauseMs = 2000;

/** What `--watch` reads, and how it shows it. */
export interface Watched<R> {
  readonly read: () => Promise<R>;
  /** As many lines as there are; the screen takes those that fit. */
  readonly page: (result: R) => string;
}

/** A command that can show its result on a screen of its own, read again and again. */
export abstract class LiveCommand<T extends typeof Command> extends BaseCommand<T> {
  private screen: LiveScreen | undefined;
  private watching = false;

  /** `--watch` goes to a terminal, or, with `--json`, anywhere. */
  protected checkWatch(): void {
    const isDumb = this.environment.dumbTerminal;
    if (this.flags.json || (process.stdout.isTTY && !isDumb)) return;
    const kind = process.stdout.isTTY ? ' that can be written over, and TERM is dumb' : '';
    throw new UsageError(`--watch needs a terminal${kind}`, {
      suggestions: ['with --json it prints a line each time, anywhere'],
    });
  }

  /** Until somebody presses q or Ctrl-C. A server that goes away is told, and asked again. */
  protected async watch<R>({ read, page }: Watched<R>): Promise<void> {
    this.watching = true;
    if (this.flags.json) return this.watchJson(read);
    let last = await read();
    const screen = new LiveScreen(process.stdout, process.stdin, () => this.interrupt());
    this.screen = screen;
    for (let trouble = ''; ; ) {
      const [shown, note] = [last, trouble];
      screen.show((paused) => `${this.titleLine(paused, note)}\n\n${page(shown)}`);
      if (!(await screen.next(watchPauseMs))) break;
      try {
        last = await read();
        trouble = '';
      } catch (error) {
        if (!mayPass(error)) throw error;
        trouble = error.message;
      }
    }
    this.closeScreen();
  }

  private titleLine(paused: boolean, trouble: string): string {
    const { columns } = process.stdout;
    if (trouble !== '') return this.colors.red(clipColumns(escapeLine(trouble), columns));
    const keys = `q quit, space ${paused ? 'go on' : 'pause'}, r read now`;
    return this.colors.dim(clipColumns(paused ? `paused; ${keys}` : keys, columns));
  }

  private async watchJson(read: () => Promise<unknown>): Promise<void> {
    const print = async (): Promise<void> => this.outputPart(`${escapeJson(JSON.stringify(await read()))}\n`);
    await print();
    for (let isAway = false; ; ) {
      await sleep(watchPauseMs);
      try {
        await print();
        isAway = false;
      } catch (error) {
        if (!mayPass(error)) throw error;
        if (!isAway) this.note(error.message);
        isAway = true;
      }
    }
  }

  private closeScreen(): void {
    this.screen?.close();
    this.screen = undefined;
  }

  protected override async catch(error: Error): Promise<void> {
    this.closeScreen();
    return super.catch(error);
  }

  /** Ctrl-C is the usual way to stop watching: no error. */
  protected override interrupt(): void {
    this.closeScreen();
    if (this.watching) process.exit(130);
    super.interrupt();
  }
}
