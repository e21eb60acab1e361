import { decodeOperation, type OperationDocument } from '../domain/operation-document.js';
import { operationsFilter, operationsSubject } from '../domain/operations-subjects.js';
import { isoOfMs } from '../domain/time.js';
import { PlutomiError } from '../errors.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { createDocument, listDocuments, updateDocument } from './documents.js';

/** What is about to be done. */
export interface OperationBegun {
  /** In words: `loaded`. */
  readonly did: string;
  /** Consumers that it concerns. */
  readonly consumers?: readonly string[];
  /** What exactly, on one line. */
  readonly note: string;
}

/** An operation whose beginning is stored. */
export interface LoggedOperation {
  /** Stores how it ended. */
  end(how: { readonly count: number; readonly note?: string }): Promise<void>;
}

/**
 * Stores what is done at once, and has no end of its own.
 *
 * @throws as `logOperation`
 */
export async function logDone(
  pipeline: Pipeline,
  { did, consumers = [], note }: OperationBegun,
): Promise<void> {
  const { clock, identity, places } = pipeline;
  const atMs = clock.now();
  const at = isoOfMs(atMs);
  const { operator, worker } = identity;
  const document = { v: 1, did, at, endedAt: at, operator, worker, count: null, consumers, note } as const;
  const id = `${atMs}-${clock.uuid()}`;
  const subject = operationsSubject(places.operations.root, 'operation', id);
  await createDocument(pipeline, subject, document satisfies OperationDocument);
}

/**
 * Stores that an operation begins, before it does: `operations log` shows it, also if the process is killed.
 *
 * @throws OperationError `NO_STREAM`, ConnectionError; NotAllowedError for a user who may not write there
 */
export async function logOperation(pipeline: Pipeline, begun: OperationBegun): Promise<LoggedOperation> {
  const { clock, identity, places } = pipeline;
  const atMs = clock.now();
  const document: OperationDocument = {
    v: 1,
    did: begun.did,
    at: isoOfMs(atMs),
    endedAt: null,
    operator: identity.operator,
    worker: identity.worker,
    count: null,
    consumers: begun.consumers ?? [],
    note: begun.note,
  };
  const id = `${atMs}-${clock.uuid()}`;
  const subject = operationsSubject(places.operations.root, 'operation', id);
  await createDocument(pipeline, subject, document);
  return {
    async end({ count, note }) {
      const ended = { ...document, endedAt: isoOfMs(clock.now()), count, ...(note ? { note } : {}) };
      await updateDocument(pipeline, subject, decodeOperation, () => ended);
    },
  };
}

/**
 * The same for what is done all the same where it can't be stored: by a user who may only publish, on a pipeline that was
 * applied by an earlier version, without a connection. `onUnlogged` is told why.
 */
export async function logIfPossible(
  pipeline: Pipeline,
  begun: OperationBegun,
  onUnlogged: (reason: string) => void = () => {},
): Promise<LoggedOperation> {
  let logged: LoggedOperation | undefined;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof PlutomiError)) throw error;
      onUnlogged(error.message);
    }
  };
  await attempt(async () => {
    logged = await logOperation(pipeline, begun);
  });
  return { end: (how) => attempt(async () => logged?.end(how)) };
}

/** What was done to the pipeline itself, in the order in which it was stored last. */
export async function readOperationDocuments(pipeline: Pipeline): Promise<OperationDocument[]> {
  const filter = operationsFilter(pipeline.places.operations.root, 'operation');
  const found: OperationDocument[] = [];
  for await (const { value } of listDocuments(pipeline, filter, decodeOperation)) found.push(value);
  return found;
}
