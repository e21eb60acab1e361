import { Command } from '@oclif/core/command';
import type * as Interfaces from '@oclif/core/interfaces';
import { readEnvFile } from '../connection/env-file.js';
import type { Environment } from '../connection/environment.js';
import { readEnvironment } from '../connection/environment.js';
import { InterruptedError, OperationError, UsageError } from '../errors.js';
import type { Colors } from '../render/colors.js';
import { renderSuggestion } from '../render/suggestion.js';
import { distinct, type Suggestion } from '../suggestion.js';
import { escapeJson } from '../domain/escape.js';
import { stringify } from '../domain/json-text.js';
import { CommandContext, type ConnectionFlags } from './context.js';
import { askConsent, type Consent } from './consent.js';
import { globalFlags } from './flags/global-flags.js';
import { type CommandShape, helpOf, shapeOf } from './usage/command-shape.js';
import { checkSwitches, isMissingArgument, usageProblem } from './usage/usage-problem.js';
import { setTermsApart } from './usage/set-terms-apart.js';
import { endChangingLines } from './output/changing-line.js';
import { colorsOf } from './output/view.js';
import { wantsJson } from './output/wants-json.js';
import { reportError } from './output/report-error.js';
import { flushed, writeFailure } from './output/standard-streams.js';

/** A command's own flag stands in place of one of that name that every command has. */
type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<
  Omit<(typeof BaseCommand)['baseFlags'], keyof T['flags']> & T['flags']
>;
type ArgsOf<T extends typeof Command> = Interfaces.InferredArgs<T['args']>;

/**
 * What every command shares: flags, where output goes, and how it ends.
 *
 * Results go to stdout, everything else to stderr; the exit code is the same with and without `--json`.
 */
export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags = globalFlags;

  protected flags!: FlagsOf<T> & { readonly json?: boolean };
  protected args!: ArgsOf<T>;
  /** Arguments as typed, for commands that take several. */
  protected words: string[] = [];
  protected context!: CommandContext;

  override async init(): Promise<void> {
    const ask = oncePerRequest(() => this.signalled());
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // Until here it ended the process at once.
      process.removeAllListeners(signal);
      process.on(signal, ask);
    }
    await super.init();
    // Whatever comes of it: oclif would warn, where NODE_ENV is development or test, of words that can't be parsed.
    this.parsed = true;
    await this.addEnvFile();
    const environment = readEnvironment();
    const contextOf = (flags: ConnectionFlags): CommandContext =>
      new CommandContext(environment, flags, this.id ?? 'plutomi-events', this.needsProject);
    try {
      const typed = 'selection' in this.ctor.args ? setTermsApart(this.argv, this.shape) : this.argv;
      checkSwitches(typed, this.shape);
      const { args, flags, argv } = await this.parse(
        {
          flags: this.ctor.flags,
          baseFlags: (super.ctor as typeof BaseCommand).baseFlags,
          args: this.ctor.args,
          strict: this.ctor.strict,
        },
        typed,
      );
      const { output } = flags as { readonly output?: string };
      const asked = output === 'json' && this.outputIsFormat ? { json: true } : {};
      this.flags = { ...flags, ...asked } as typeof this.flags;
      this.args = args as ArgsOf<T>;
      this.words = argv as string[];
      this.context = contextOf(this.flags);
    } catch (error) {
      throw await this.usageProblem(error, contextOf);
    }
  }

  private get shape(): CommandShape {
    const { args, flags, baseFlags } = this.ctor;
    return shapeOf({ id: this.id, args, flags: { ...baseFlags, ...flags } });
  }

  /** Of a command that writes to a file, `--output` names that. */
  private get outputIsFormat(): boolean {
    return this.shape.flags['output']?.options !== undefined;
  }

  /** What is wrong with the words of this command, with what to do next. */
  private async usageProblem(
    error: unknown,
    contextOf: (flags: ConnectionFlags) => CommandContext,
  ): Promise<unknown> {
    if (error instanceof UsageError) {
      const next = distinct([...error.suggestions, helpOf(this.shape)]);
      return new UsageError(error.message, { code: error.code, suggestions: next });
    }
    const problem = usageProblem(error, this.shape);
    if (!isMissingArgument(error) || problem === undefined) return problem ?? error;
    this.context = contextOf(error.parse.output.flags);
    const choices = await this.choices(this.context).catch(() => []);
    return new UsageError(problem.message, { suggestions: [...choices, ...problem.suggestions] });
  }

  /** What could stand for an argument that is missing: lines for the reader. If they can't be read, the error goes without them. */
  protected async choices(_context: CommandContext): Promise<readonly Suggestion[]> {
    return [];
  }

  /** Handlers and configs see the variables of `.env` too. What is set already stays. */
  private async addEnvFile(): Promise<void> {
    const { cwd, trust } = readEnvironment();
    for (const [name, value] of Object.entries(await readEnvFile(cwd, trust))) {
      if (!process.env[name]) this.fromEnvFile.push(name);
      process.env[name] ||= value;
    }
  }

  /** Variables that are only set because `.env` says so. */
  protected readonly fromEnvFile: string[] = [];

  protected get environment(): Environment {
    return this.context.environment;
  }

  /** Colours for what goes to stdout. */
  protected get colors(): Colors {
    return this.context.colorsOf(process.stdout);
  }

  /** Colours for what goes to stderr. */
  protected get noteColors(): Colors {
    return this.context.colorsOf(process.stderr);
  }

  /** A person is there to answer: prompts are allowed. */
  protected get interactive(): boolean {
    return process.stdin.isTTY === true && process.stderr.isTTY === true && !this.flags.json;
  }

  /** They can also be shown a list to choose from. */
  protected get canChoose(): boolean {
    return this.interactive && !this.environment.dumbTerminal;
  }

  /** Part of the result was printed: an error can no longer replace it. */
  private begun = false;

  /**
   * A part of a result that is written while it is read. Waits until stdout has taken it, and throws once
   * the reader is gone: nothing is left to do then.
   */
  protected async outputPart(text: string | Uint8Array): Promise<void> {
    this.begun = true;
    if (!process.stdout.write(text)) {
      this.waitsForReader = true;
      await flushed(process.stdout);
      this.waitsForReader = false;
    }
    const failure = writeFailure(process.stdout);
    if (failure) throw new OutputLost(failure);
  }

  /** The result: one JSON value with `--json`, else the text. */
  protected output(json: unknown, human: () => string): void {
    const text = this.flags.json ? escapeJson(stringify(json, process.stdout.isTTY ? 2 : 0)) : human();
    if (text !== '') process.stdout.write(`${text}\n`);
  }

  /** It changes something, on the server or here: its exit code says what was done, whoever reads its output. */
  protected get changes(): boolean {
    return false;
  }

  /** It works with the handlers: its config is a file, and the handler files that it names must be there. */
  protected get needsProject(): boolean {
    return false;
  }

  /** Anything that is not the result. */
  protected note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** What to do next, in words, as it may be copied here. */
  protected inWords(suggestion: Suggestion): string {
    return renderSuggestion(suggestion, this.context.caller);
  }

  /**
   * Asks yes or no, once the plan was shown; `--yes` is a yes, and without a terminal it must have been given. Where the
   * pipeline is protected, its name must be typed, or given with `--confirm`. False: the answer was no. Commands ask always,
   * and leave `--yes` to this.
   */
  protected confirm(question: string, why = this.context.protection()): Promise<boolean> {
    const given = this.flags as Consent;
    return askConsent(question, given, {
      pipeline: this.context.openedName,
      why,
      interactive: this.interactive,
      command: this.shape.name,
      hasDryRun: 'dry-run' in this.shape.flags,
    });
  }

  /**
   * The same of a command that loses nothing, and otherwise asks nothing: only for the name of a protected pipeline.
   *
   * @throws OperationError `DECLINED`
   */
  protected async confirmProtected(question: string): Promise<void> {
    const { confirm: named } = this.flags as Consent;
    if (this.context.protection() === undefined && named === undefined) return;
    if (await this.confirm(question)) return;
    throw new OperationError('nothing was changed: the answer was no', { code: 'DECLINED' });
  }

  /** Ctrl-C and SIGTERM end a command at once with 130; a command that must tidy up first overrides it. */
  protected interrupt(): void {
    endChangingLines();
    this.report(this.interruption());
    process.exit(130);
  }

  /** What is said of the end when it is interrupted at once. */
  protected interruption(): InterruptedError {
    return new InterruptedError();
  }

  /** All that is left is to wait for a reader, who may never come. */
  private waitsForReader = false;
  private asked = false;

  private signalled(): void {
    this.asked = true;
    if (!this.waitsForReader) this.interrupt();
    // What was done is done.
    else if (this.changes) process.exit();
    else BaseCommand.prototype.interrupt.call(this);
  }

  protected override async catch(error: Error): Promise<void> {
    this.report((await this.context?.complete(error)) ?? error);
  }

  protected override async finally(): Promise<void> {
    this.waitsForReader = true;
    await this.context?.close();
    await flushed(process.stdout, this.asked ? readerPatienceMs : undefined);
    const failure = writeFailure(process.stdout);
    // What was done is done, whether or not its result can be printed; and whoever asked for the end does not miss it.
    if (failure && failure.code !== 'EPIPE' && !this.changes && !this.asked)
      this.report(new OutputLost(failure));
  }

  private report(error: Error): void {
    // The reader has left with what it wanted.
    if (error instanceof OutputLost && error.readerLeft) return;
    // Wrong flags are reported before there is a context.
    const context = this.context as CommandContext | undefined;
    const environment = context?.environment ?? readEnvironment(undefined, this.config.root);
    const noColor = this.argv.includes('--no-color');
    reportError(error, {
      json: !this.begun && (this.outputIsFormat ? wantsJson(this.argv) : this.argv.includes('--json')),
      commandId: this.id,
      caller: context?.caller,
      colors: colorsOf(process.stderr, environment, noColor),
    });
  }
}

/** The result, or a part of it, can't be written. */
class OutputLost extends OperationError {
  readonly readerLeft: boolean;
  constructor(cause: NodeJS.ErrnoException) {
    super(`can't write the result: ${cause.message}`, { code: 'OUTPUT_LOST', cause });
    this.readerLeft = cause.code === 'EPIPE';
  }
}

/** How long a process that was asked to end waits for a reader that does not read. */
export const readerPatienceMs = 2000;

/** Signals that follow within it are the same request. */
const sameRequestMs = 500;

/** A request to end often comes twice: `timeout`, npm and supervisors send it to a process and to its whole group. */
function oncePerRequest(interrupt: () => void): () => void {
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - askedAtMs < sameRequestMs) return;
    askedAtMs = nowMs;
    interrupt();
  };
}
