import { BaseCommand } from '../../lib/cli/base-command.js';
import { OperationError } from '../../lib/errors.js';
import { stopFolderServer } from '../../lib/dev-server/folder-server.js';
import type { ServerStartResult } from './start.js';
import { suggestCommand } from '../../lib/suggestion.js';

export default class ServerStop extends BaseCommand<typeof ServerStop> {
  static override summary = "Stop this folder's nats-server.";
  static override description =
    'Stops the nats-server that "server start" started in this folder or in one above it. Its data stays in .plutomi-events/, and the next start takes the same port when it is free.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected override get changes(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const stopped = await stopFolderServer(this.context.serverFolder);
    if (stopped === undefined) {
      throw new OperationError(`no nats-server is running for ${this.environment.cwd} or a folder above it`, {
        code: 'NOT_RUNNING',
        suggestions: [suggestCommand('server start')],
      });
    }
    const { url, pid, store } = stopped;
    const result: ServerStartResult = { url, pid, store };
    this.output(result, () => `stopped the nats-server at ${url} (pid ${pid}); its data stays in ${store}`);
  }
}
