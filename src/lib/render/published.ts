import { escapeLine } from '../domain/escape.js';
import type { PublishResult } from '../events/publish/outgoing.js';
import type { PublishManyResult } from '../events/publish/publish-many.js';

/** One line about an event that was published, or that was there already. */
export function publishedText(subject: string, result: PublishResult, server: string): string {
  const { stream, seq, duplicate, msgId } = result;
  const [to, id] = [escapeLine(subject), escapeLine(msgId)];
  return duplicate
    ? `duplicate: the id ${id} is already stored, as ${stream}/${seq} on ${server}; nothing was stored again`
    : `published to ${to}: stored as ${stream}/${seq} on ${server}, id ${id}`;
}

/** One line about many events that were published. */
export function publishedManyText(subject: string, result: PublishManyResult, server: string): string {
  const { stream, count, firstSeq, lastSeq, duplicates } = result;
  const stored = `published ${count - duplicates} to ${escapeLine(subject)} on ${server}`;
  const repeated = duplicates === 0 ? '' : `; ${duplicates} were already stored`;
  return `${stored}: ${stream}/${firstSeq} to ${stream}/${lastSeq}${repeated}`;
}
