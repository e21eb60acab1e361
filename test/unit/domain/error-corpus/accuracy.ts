import { fingerprintOf } from '../../../../src/lib/domain/fingerprint.js';
import { shapeOf } from '../../../../src/lib/domain/fingerprint-shape.js';
import { alikeKinds, type Kind } from '../../../../src/lib/domain/fingerprint-similar.js';
import type { Cause } from './vary.js';

export interface Accuracy {
  readonly causes: number;
  readonly messages: number;
  /** Share of the messages whose group has all messages of their cause, and no other. */
  readonly accuracy: number;
  /** What went wrong: a message of each group of a cause that is not one. */
  readonly wrong: readonly string[];
}

/** As parsers of logs are measured: a message counts where its group is exactly its cause. */
export function groupingAccuracy(causes: readonly Cause[]): Accuracy {
  const groups = new Map<string, Set<Cause>>();
  const printsOf = new Map<Cause, Map<string, string>>();
  const alike = alikeKinds([...new Map(causes.flatMap(kindsOf)).values()]);
  for (const cause of causes) {
    const prints = new Map<string, string>();
    for (const message of cause.messages) {
      const print = fingerprintOf(cause.name, message);
      prints.set(alike.get(print) ?? print, message);
    }
    printsOf.set(cause, prints);
    for (const print of prints.keys()) groups.set(print, (groups.get(print) ?? new Set()).add(cause));
  }
  const isRight = (cause: Cause): boolean => {
    const [print = '', ...more] = printsOf.get(cause)?.keys() ?? [];
    return more.length === 0 && groups.get(print)?.size === 1;
  };
  const messages = causes.reduce((sum, cause) => sum + cause.messages.length, 0);
  const wrong = causes.filter((cause) => !isRight(cause));
  const lost = wrong.reduce((sum, cause) => sum + cause.messages.length, 0);
  return {
    causes: causes.length,
    messages,
    accuracy: 1 - lost / messages,
    wrong: wrong.flatMap((cause) =>
      [...(printsOf.get(cause)?.values() ?? [])].map((text) => `${cause.name}: ${text}`),
    ),
  };
}

function kindsOf({ name, messages }: Cause): [string, Kind][] {
  return messages.map((message) => {
    const fingerprint = fingerprintOf(name, message);
    const shape = shapeOf(message);
    return [fingerprint, { fingerprint, name, code: shape.codes.join(' '), shape }];
  });
}
