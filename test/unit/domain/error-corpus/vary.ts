import { createHash } from 'node:crypto';
import { application } from './application.js';
import { cloud } from './cloud.js';
import type { Source } from './corpus.js';
import { databases } from './databases.js';
import { httpClients } from './http-clients.js';
import { mail } from './mail.js';
import { messaging } from './messaging.js';
import { nodeCore } from './node-core.js';
import { saas } from './saas.js';
import { valueOf } from './values.js';

export const sources: readonly Source[] = [
  ...nodeCore,
  ...httpClients,
  ...databases,
  ...mail,
  ...cloud,
  ...saas,
  ...messaging,
  ...application,
];

export interface Cause {
  readonly name: string;
  /** How it reads each time. */
  readonly messages: readonly string[];
  /** Rules are written while looking at one half only. */
  readonly half: 'seen' | 'unseen';
}

const variants = 12;

export const causes: readonly Cause[] = sources.flatMap(({ source, name, causes }) =>
  causes.map((cause) => {
    const [own, ...templates] = typeof cause === 'string' ? [name, cause] : cause;
    const digest = createHash('sha256')
      .update(`${source} ${own} ${templates.join('\n')}`)
      .digest();
    return {
      name: own,
      messages: templates.flatMap((template) => vary(template, digest.readUInt32BE(4))),
      half: (digest[0] ?? 0) % 2 === 0 ? 'seen' : 'unseen',
    } satisfies Cause;
  }),
);

/** The same text as often as nothing in it varies: an error without values is always the same. */
function vary(template: string, seed: number): string[] {
  return Array.from({ length: variants }, (_, n) => {
    let place = 0;
    return template.replaceAll(
      /\{([A-Za-z0-9]+)\}/g,
      (all, slot: string) => valueOf(slot, `${seed} ${n} ${place++}`) ?? all,
    );
  });
}
