import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

export interface FakeApt {
  /** A PATH on which apt-get and dpkg-deb are scripts that pretend. */
  readonly path: string;
  /** The command lines they were called with. */
  calls(): Promise<readonly string[]>;
}

/** Stands in for a Debian mirror whose package holds a nats-server of this version, without a network. */
export async function fakeApt(
  version: string,
  { updateFails }: { readonly updateFails?: string } = {},
): Promise<FakeApt> {
  const folder = await temporaryFolder();
  const log = join(folder, 'calls');
  const update = updateFails === undefined ? 'exit 0' : `echo '${updateFails}' >&2; exit 100`;
  const aptGet = `case " $* " in *' update '*) ${update};; *' download '*) echo deb > nats-server_fake.deb;; esac`;
  const binary = 'unpacked/usr/sbin/nats-server';
  const extract = `mkdir -p unpacked/usr/sbin; printf '#!/bin/sh\\necho nats-server: v${version}\\n' > ${binary}`;
  const dpkgDeb = `case "$1" in --field) echo ${version}-1;; --extract) ${extract};; esac`;
  for (const [name, body] of Object.entries({ 'apt-get': aptGet, 'dpkg-deb': dpkgDeb })) {
    await writeFile(join(folder, name), `#!/bin/sh\necho "${name} $*" >> ${log}\n${body}\n`, { mode: 0o755 });
  }
  return {
    path: `${folder}:/usr/bin:/bin`,
    calls: async () => (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').filter(Boolean),
  };
}
