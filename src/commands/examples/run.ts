import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import type { CommandContext } from '../../lib/cli/context.js';
import { consentFlags } from '../../lib/cli/flags/consent-flags.js';
import { exampleEnvironment } from '../../lib/cli/run/example-environment.js';
import { whenParentEnds } from '../../lib/cli/run/parent.js';
import { runExample } from '../../lib/cli/run/run-example.js';
import { provideServer } from '../../lib/dev-server/provide.js';
import type { ServerHandle } from '../../lib/dev-server/embedded.js';
import { hideSecrets } from '../../lib/domain/secrets.js';
import { InterruptedError, OperationError } from '../../lib/errors.js';
import { type Example, findExample, listExamples } from '../../lib/examples/catalog.js';
import { layOut, newFolder } from '../../lib/examples/lay-out.js';
import { startExampleServer } from '../../lib/examples/server.js';
import { systemClock } from '../../lib/flow/clock.js';
import { type Suggestion, suggestCommand } from '../../lib/suggestion.js';

/** What `examples run --json` prints. */
export interface ExamplesRunResult {
  readonly name: string;
  /** Of the example. */
  readonly exitCode: number;
  /** The new folder that it ran in. */
  readonly folder: string;
  /** The folder is still there. */
  readonly kept: boolean;
}

export default class ExamplesRun extends BaseCommand<typeof ExamplesRun> {
  static override summary = 'Copy an example into a new folder, and run it there.';
  static override description =
    `A nats-server is started in that folder, and stopped at the end; the folder is removed then, unless the example failed. NATS_URL and the contexts of the nats CLI are ignored: only --server makes it use another server, where its streams stay.

Each example ends by itself, with an account of every event: exit 1 if it does not add up. With EXAMPLE_BREAK=drop in the environment one consumer loses one event, to show that the account finds it.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> plutomi',
    '<%= config.bin %> <%= command.id %> plutomi --stay --keep',
    '<%= config.bin %> <%= command.id %> notes/1-pub-sub --explain',
  ];

  static override args = {
    name: Args.string({
      description: 'its name, as "examples list" shows it',
      required: true,
      ignoreStdin: true,
    }),
  };

  static override flags = {
    stay: Flags.boolean({ description: 'go on until Ctrl-C' }),
    explain: Flags.boolean({ description: 'show the command of the nats CLI that does the same as a step' }),
    keep: Flags.boolean({ description: 'keep the folder' }),
    ...consentFlags,
  };

  private readonly end = new AbortController();

  protected override get changes(): boolean {
    return true;
  }

  protected override async choices(_context: CommandContext): Promise<readonly Suggestion[]> {
    const examples = await listExamples(this.config.root);
    return examples.map(({ name, title }) => suggestCommand('examples run', { args: [name], why: title }));
  }

  /** Once: everything ends in order. A second time: at once. */
  protected override interrupt(): void {
    if (this.end.signal.aborted) process.exit(130);
    this.end.abort(new InterruptedError());
  }

  async run(): Promise<void> {
    const example = await findExample(this.config.root, this.args.name);
    await this.consent(example);
    if (this.environment.startedByNpm) whenParentEnds(() => this.interrupt());
    const folder = await newFolder(example);
    const removed = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
    let exitCode: number;
    try {
      exitCode = await this.play(example, folder);
    } catch (error) {
      await removed();
      throw error;
    }
    const failed = exitCode !== 0 && !this.end.signal.aborted;
    const kept = failed || this.flags.keep === true;
    if (kept) {
      this.note(`${failed ? 'its files and logs are' : 'kept'} in ${folder}`);
      this.note(
        this.inWords(suggestCommand('server start', { folder, why: 'start its nats-server again with' })),
      );
    } else await removed();
    const result: ExamplesRunResult = { name: example.name, exitCode, folder, kept };
    this.output(result, () => '');
    process.exitCode = exitCode;
  }

  private async consent({ name }: Example): Promise<void> {
    const { server } = this.flags;
    if (server === undefined) return;
    const question = `${name} makes streams on ${hideSecrets(server)}, which stay there. Run it?`;
    if (await this.confirm(question)) return;
    throw new OperationError('the example was not run: the answer was no', { code: 'DECLINED' });
  }

  private async play(example: Example, folder: string): Promise<number> {
    const { root } = this.config;
    const { signal } = this.end;
    const laidOut = await layOut(example, { root, folder, signal, onStep: (step) => this.note(step) });
    signal.throwIfAborted();
    const server = this.flags.server === undefined ? await this.startServer(folder) : undefined;
    const killServer = (): void => server?.kill9();
    process.once('exit', killServer);
    try {
      const url = server?.url ?? this.flags.server ?? '';
      this.note(`${example.name} runs in ${folder}`);
      this.note(`${server ? 'its nats-server' : 'on'}: ${hideSecrets(url)}`);
      const bin = join(root, 'bin', 'run.js');
      const { environment, flags } = this;
      const env = exampleEnvironment({ environment, flags, url, bin });
      return await runExample({ laidOut, env, quiet: flags.json === true, signal });
    } finally {
      await server?.stop();
      process.removeListener('exit', killServer);
    }
  }

  private async startServer(folder: string): Promise<ServerHandle> {
    const { path } = await provideServer({
      environment: this.environment,
      confirm: this.interactive ? (question) => this.confirm(question) : undefined,
      onStep: (step) => this.note(step),
    });
    return startExampleServer(folder, path, systemClock);
  }
}
