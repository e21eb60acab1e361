import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../../connection/make-folder.js';
import { messageOf, OperationError } from '../../errors.js';
import { DOWNLOAD_FAILED } from './download.js';
import type { ProxySettings } from '../../http/proxy.js';

const run = promisify(execFile);

const TIMEOUT_MS = 5 * 60_000;
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const LINES_IN_ERROR = 4;

/** Runs Debian's own tools: the machine's `PATH`, and the proxies for what apt fetches. */
export interface AptEnvironment extends ProxySettings {
  readonly path: string;
}

/** A folder in which apt works as if it were alone on the machine. */
export interface IsolatedApt {
  /** Runs `apt-get <words>` with the isolated configuration, in the folder. */
  aptGet(...words: readonly string[]): Promise<void>;
  /** Runs `dpkg-deb <words>` in the folder and gives its output. */
  dpkgDeb(...words: readonly string[]): Promise<string>;
}

/**
 * Prepares `folder`, which must be empty, for one package source. Sources, lists, cache, preferences, hooks and
 * the list of installed packages are its own; the machine's apt.conf.d still counts, because that is where its
 * proxies are. Needs no rights: nothing outside the folder is written.
 */
export async function isolateApt(folder: string, source: string, env: AptEnvironment): Promise<IsolatedApt> {
  for (const name of ['parts', 'lists/partial', 'cache/archives/partial']) {
    await makeFolder(join(folder, name));
  }
  await writeFile(join(folder, 'status'), '', { mode: 0o600 });
  await writeFile(join(folder, 'sources.list'), `${source}\n`, { mode: 0o600 });
  const configFile = join(folder, 'apt.conf');
  await writeFile(configFile, configuration(folder), { mode: 0o600 });
  return {
    async aptGet(...words) {
      await runTool('apt-get', ['--config-file', configFile, '--quiet=2', ...words], folder, env);
    },
    dpkgDeb: (...words) => runTool('dpkg-deb', words, folder, env),
  };
}

function configuration(folder: string): string {
  const own = (name: string): string => JSON.stringify(join(folder, name));
  return `
Dir::Etc::SourceList ${own('sources.list')};
Dir::Etc::SourceParts ${own('parts')};
Dir::Etc::Preferences ${own('preferences')};
Dir::Etc::PreferencesParts ${own('parts')};
Dir::State::Lists ${own('lists')};
Dir::State::status ${own('status')};
Dir::Cache ${own('cache')};
APT::Sandbox::User "";
APT::Default-Release "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

async function runTool(
  tool: string,
  words: readonly string[],
  cwd: string,
  env: AptEnvironment,
): Promise<string> {
  try {
    const { stdout } = await run(tool, words, {
      cwd,
      timeout: TIMEOUT_MS,
      maxBuffer: OUTPUT_LIMIT_BYTES,
      env: {
        PATH: env.path,
        LC_ALL: 'C.UTF-8',
        http_proxy: env.httpProxy,
        https_proxy: env.httpsProxy,
        no_proxy: env.noProxy,
      },
    });
    return stdout;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    const said = stderr.trim().split('\n').slice(-LINES_IN_ERROR).join('; ');
    throw new OperationError(`${tool} failed: ${said || messageOf(error)}`, {
      code: DOWNLOAD_FAILED,
      cause: error,
    });
  }
}
