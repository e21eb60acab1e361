import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, OperationError } from '../errors.js';
import { suggestOther } from '../suggestion.js';

/** What an example imports, and where it is looked for. */
export interface ProvidePackages {
  /** The folder of plutomi-events itself. */
  readonly root: string;
  /** Gets `node_modules`. */
  readonly folder: string;
  /** Beside those of plutomi-events. */
  readonly packages: readonly string[];
  /** Tells what takes time. */
  readonly onStep: (text: string) => void;
  /** Ends an installation. */
  readonly signal: AbortSignal;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Lets the code in a folder import plutomi-events, what that depends on, and further packages: by links to those that
 * are installed, and by npm for those that are not.
 *
 * @throws OperationError `EXAMPLE_NEEDS_PACKAGES` when npm can't install them.
 */
export async function providePackages(options: ProvidePackages): Promise<void> {
  const { root, folder, packages } = options;
  const manifest = await readManifest(root);
  const links = new Map<string, string>([['plutomi-events', root]]);
  const missing: string[] = [];
  for (const name of [...Object.keys(manifest.dependencies), ...packages]) {
    const found = await findPackage(name, root);
    if (found !== undefined) links.set(name, found);
    else if (packages.includes(name)) missing.push(withVersion(name, manifest));
  }
  // Before the links: npm removes what it has not installed.
  if (missing.length > 0) await install(missing, options);
  links.set('.bin/plutomi-events', join(root, 'bin', 'run.js'));
  for (const [name, target] of links) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link, 'junction');
  }
}

async function readManifest(root: string): Promise<Manifest> {
  const file = join(root, 'package.json');
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text) as Manifest;
  } catch {
    throw new OperationError(`${file} is not JSON`, { code: 'EXAMPLE_INVALID' });
  }
}

/** As Node finds it from `root`: there, or in a folder above. */
async function findPackage(name: string, root: string): Promise<string | undefined> {
  for (let folder = root; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (await exists(join(place, 'package.json'))) return place;
    if (dirname(folder) === folder) return undefined;
  }
}

/** The version that it was tested with. */
function withVersion(name: string, { devDependencies = {} }: Manifest): string {
  const version = devDependencies[name];
  return version === undefined ? name : `${name}@${version}`;
}

async function install(
  packages: readonly string[],
  { folder, onStep, signal }: ProvidePackages,
): Promise<void> {
  const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...packages];
  onStep(`not installed here: ${packages.join(', ')}; installing into ${folder}`);
  let said = '';
  try {
    const child = spawn('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], signal });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(said.trimEnd() || `npm ended with ${code}`);
  } catch (error) {
    signal.throwIfAborted();
    throw new OperationError(
      `the example needs ${packages.join(' and ')}, which npm could not install: ${messageOf(error)}`,
      {
        code: 'EXAMPLE_NEEDS_PACKAGES',
        suggestions: [suggestOther('npm', ['install', ...packages], { note: 'beside plutomi-events' })],
        cause: error,
      },
    );
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
