import type { LetterStatus } from '../domain/selection/match.js';
import { pointerFilter } from '../domain/subjects.js';
import { OperationError } from '../errors.js';
import { apiCodeOf } from '../nats/errors.js';
import { apiCode } from '../nats/wire/api-code.js';
import { readPages } from '../nats/read/read-stream.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { archivedFilter, archivedSubject, type DlqEntry, readArchivedEntry, readEntry } from './entry.js';

/** Which dead letters are read. */
export interface LettersRead {
  readonly statuses: readonly LetterStatus[];
  /** Only those of these consumers; undefined: of all. */
  readonly consumers?: readonly string[] | undefined;
  /** Not dead before this, ms since 1970. */
  readonly fromMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Some of them, as they arrive. */
export interface LettersPage {
  /** Never empty but for archived ones. */
  readonly entries: readonly DlqEntry[];
  /** How many were stored after these, where the server knows. */
  readonly after: number | undefined;
}

/** Those in the DLQ in the order in which they came there, then the archived ones in that of their archiving. */
export async function* readLetters(pipeline: Pipeline, read: LettersRead): AsyncGenerator<LettersPage> {
  const { statuses } = read;
  const both = statuses.length > 1;
  if (statuses.includes('dead')) {
    for await (const page of readDead(pipeline, read)) yield both ? { ...page, after: undefined } : page;
  }
  if (statuses.includes('archived')) yield* readArchived(pipeline, read);
}

async function* readDead(
  { link, config }: Pipeline,
  { consumers, fromMs, signal }: LettersRead,
): AsyncGenerator<LettersPage> {
  const pages = readPages(link, {
    stream: config.streams.dlq.name,
    filters: consumers?.map((name) => pointerFilter(config.roots.dlq, name)) ?? [`${config.roots.dlq}.>`],
    // Nothing is stored before it died.
    ...(fromMs === undefined ? {} : { from: { timeMs: fromMs } }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { messages, after } of pages) {
    yield { entries: messages.map((message) => readEntry(config, message)), after };
  }
}

/** None where the stream was not applied yet. What can't be read is left out: `pipeline verify` tells of it. */
async function* readArchived(
  { link, config }: Pipeline,
  { consumers, signal }: LettersRead,
): AsyncGenerator<LettersPage> {
  const { operations: root } = config.roots;
  try {
    const pages = readPages(link, {
      stream: config.streams.operations.name,
      filters: consumers?.map((name) => archivedFilter(root, name)) ?? [archivedFilter(root)],
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const { messages } of pages) {
      yield {
        entries: messages.flatMap((message) => readArchivedEntry(config, message) ?? []),
        after: undefined,
      };
    }
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'NO_STREAM') throw error;
  }
}

/** The archived dead letter of a consumer and a sequence, from the stream's leader. */
export async function findArchived(
  { link, config }: Pipeline,
  consumer: string,
  seq: number,
): Promise<ReturnType<typeof readArchivedEntry>> {
  const { name } = config.streams.operations;
  try {
    const message = await link.readLast(name, archivedSubject(config.roots.operations, consumer, seq));
    return message && readArchivedEntry(config, message);
  } catch (error) {
    if (apiCodeOf(error) === apiCode.streamNotFound) return undefined;
    throw error;
  }
}

/** Was any dead letter ever put back, so that it stands behind others that died later? */
export async function wereAnyRestored({ link, places }: Pipeline): Promise<boolean> {
  const { stream, root } = places.journal;
  return (await link.readLast(stream, `${root}.*.RESTORED.>`)) !== undefined;
}
