import path from 'node:path';

/** A path as a person writes it: `~/` is the home folder, also where no shell has seen it (`--creds=~/x`, `.env`). */
export function atHome(written: string, home: string): string {
  return /^~(?:\/|$)/.test(written) ? path.join(home, written.slice(1)) : written;
}
