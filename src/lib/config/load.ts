import { homedir } from 'node:os';
import path from 'node:path';
import type { Environment } from './environment.js';

/** Reads the process's environment: the only place that does. Empty variables count as unset. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): Environment {
  const get = (...names: string[]): string | undefined =>
    names.map((name) => variables[name]).find((value) => value);
  const home = get('HOME', 'USERPROFILE') ?? homedir();
  const optional = {
    natsUrl: get('NATS_URL'),
    natsContext: get('NATS_CONTEXT'),
    clientId: get('NATS_CLIENT_ID'),
    natsServerBin: get('NATS_SERVER_BIN'),
    natsMirror: get('PLUTOMI_NATS_MIRROR'),
    httpsProxy: get('HTTPS_PROXY', 'https_proxy'),
    httpProxy: get('HTTP_PROXY', 'http_proxy'),
    noProxy: get('NO_PROXY', 'no_proxy'),
  };
  const set = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    cwd,
    home,
    path: get('PATH') ?? '',
    configHome: get('XDG_CONFIG_HOME') ?? path.join(home, '.config'),
    cacheHome: get('XDG_CACHE_HOME') ?? path.join(home, '.cache'),
    noColor: get('NO_COLOR') !== undefined || get('TERM') === 'dumb',
    variables,
    ...set,
  };
}
