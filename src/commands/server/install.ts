import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { UsageError } from '../../lib/errors.js';
import { installServer } from '../../lib/dev-server/install/install.js';
import {
  KNOWN_VERSIONS,
  PINNED_VERSION,
  parseVersion,
  type WantedVersion,
} from '../../lib/dev-server/install/versions.js';

export interface ServerInstallResult {
  readonly path: string;
  readonly version: string;
}

/** A version such as `2.15.1` or `v2.15.1`. */
const versionFlag = Flags.custom<WantedVersion>({
  parse: async (text) => {
    const version = parseVersion(text);
    if (version !== undefined) return version;
    throw new UsageError(`expected a version like ${PINNED_VERSION}, found "${text}"`);
  },
});

export default class ServerInstall extends BaseCommand<typeof ServerInstall> {
  static override summary = 'Install nats-server for this user.';
  static override description =
    `The official release is downloaded to the cache folder of this user and checked against its SHA256SUMS. If GitHub can't be reached and apt is available, Debian's signed package is unpacked instead. Nothing is installed system-wide.

HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured. PLUTOMI_NATS_MIRROR names a mirror of https://github.com/nats-io/nats-server/releases/download.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    `<%= config.bin %> <%= command.id %> --version ${KNOWN_VERSIONS.at(-1)?.version}`,
    'NATS_SERVER_BIN="$(<%= config.bin %> <%= command.id %> --latest --json | jq -r .path)"',
  ];

  static override flags = {
    version: versionFlag({
      description: 'version to install',
      helpValue: '<version>',
      defaultHelp: async () => PINNED_VERSION,
      exclusive: ['latest'],
    }),
    latest: Flags.boolean({ description: 'install the newest release' }),
  };

  protected override get changes(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const { path, version, from } = await installServer({
      wanted: this.flags.latest ? 'latest' : this.flags.version,
      environment: this.environment,
      onStep: (step) => this.note(step),
    });
    const result: ServerInstallResult = { path, version };
    this.output(
      result,
      () => `nats-server ${version} is ${from === 'cache' ? 'already there' : 'installed'}: ${path}`,
    );
  }
}
