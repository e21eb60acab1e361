import { setTimeout as sleep } from 'node:timers/promises';
import { createInbox, headers as makeHeaders } from '@nats-io/transport-node';
import type { Link } from './link.js';

/** A message that is published to learn who answers. */
export interface Probe {
  readonly subject: string;
  readonly payload: string;
  /** The stream that is to store it. */
  readonly expectStream?: string;
}

/** Across a leaf node and back, with time to spare: nothing marks the last answer. */
const waitMs = 300;

/** How many answer each of these messages. Where this user may not publish one, none do. */
export async function countAnswers(link: Link, probes: readonly Probe[]): Promise<number[]> {
  const { nc, target } = link;
  const counts = probes.map(() => 0);
  const inbox = createInbox(target.inboxPrefix ?? '_INBOX');
  const sub = nc.subscribe(`${inbox}.*`, {
    callback: (error, msg) => {
      if (error || msg.headers?.code === 503) return;
      const index = Number(msg.subject.slice(inbox.length + 1));
      counts[index] = (counts[index] ?? 0) + 1;
    },
  });
  try {
    for (const [index, { subject, payload, expectStream }] of probes.entries()) {
      const headers = makeHeaders();
      if (expectStream !== undefined) headers.set('Nats-Expected-Stream', expectStream);
      nc.publish(subject, payload, { reply: `${inbox}.${index}`, headers });
    }
    await nc.flush();
    await sleep(waitMs);
  } finally {
    sub.unsubscribe();
  }
  return counts;
}
