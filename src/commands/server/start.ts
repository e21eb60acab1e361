import { BaseCommand } from '../../lib/cli/base-command.js';
import { startFolderServer } from '../../lib/dev-server/folder-server.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { provideServer } from '../../lib/dev-server/provide.js';
import { suggestCommand } from '../../lib/suggestion.js';

export interface ServerStartResult {
  readonly url: string;
  readonly pid: number;
  readonly store: string;
}

export default class ServerStart extends BaseCommand<typeof ServerStart> {
  static override summary = 'Start a nats-server for this folder.';
  static override description =
    `It listens on 127.0.0.1 only, keeps its data in .plutomi-events/ and runs until "server stop". Other commands find it when they are run in this folder or below it. If it is already running, this says where.

For development and tests: in production, run your own nats-server.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --port 4222',
  ];

  static override flags = {
    port: countFlag({
      description: 'port on 127.0.0.1',
      helpValue: '<port>',
      min: 1,
      max: 65_535,
      defaultHelp: async () => 'the port it had last, else a free one',
    }),
  };

  protected override get changes(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const { path } = await provideServer({
      environment: this.environment,
      confirm: this.interactive ? (question) => this.confirm(question) : undefined,
      onStep: (step) => this.note(step),
    });
    const { state, started } = await startFolderServer({
      ...this.context.serverFolder,
      binary: path,
      port: this.flags.port,
    });
    const { url, pid, store, version } = state;
    const result: ServerStartResult = { url, pid, store };
    this.output(result, () => {
      const runs = started ? 'is running' : 'is already running';
      return `nats-server ${version} ${runs} at ${url} (pid ${pid})\nstore: ${store}`;
    });
    if (started) this.note(this.inWords(suggestCommand('server stop', { why: 'stop it with' })));
  }
}
