import { decodeApplied, isNewer } from '../config/applied/applied-document.js';
import { configFromStored } from '../config/applied/from-stored.js';
import { rootOf } from '../config/resolve.js';
import type { PipelineConfig } from '../config/resolved.js';
import { closest } from '../domain/closest.js';
import { decodeObject, type JsonObject } from '../domain/decode.js';
import { escapeLine } from '../domain/escape.js';
import { operationsSubject } from '../domain/operations-subjects.js';
import { ownerOf } from '../domain/ownership.js';
import { concurrently } from '../flow/concurrently.js';
import { ConfigError, ConnectionError, OperationError, UsageError } from '../errors.js';
import { NotAllowedError } from '../nats/errors.js';
import type { Link } from '../nats/link.js';
import { listStreams, type StreamInfo, streamsOwning } from '../nats/objects.js';
import { suggestCommand, suggestFlag } from '../suggestion.js';

/** Which pipeline is meant. */
export interface NamedPipeline {
  readonly name: string;
  /** What named it, for messages: `--pipeline`, `PLUTOMI_PIPELINE`. */
  readonly from: string;
}

const readAtOnce = 16;
/** Streams with a name like that of an operations stream that are asked for, where none may be listed. */
const mostGuesses = 50;

/**
 * The config of a pipeline as it was applied to the server, for those who have no config file; undefined: there is no
 * pipeline.
 *
 * @throws UsageError `SEVERAL_PIPELINES`, `UNKNOWN_PIPELINE`; ConfigError `NOT_APPLIED`: its config was not stored;
 *   OperationError `UNREADABLE`; ConnectionError `NOT_ALLOWED`
 */
export async function findApplied(
  link: Link,
  named: NamedPipeline | undefined,
): Promise<PipelineConfig | undefined> {
  const pipelines = await pipelinesOf(link);
  const names = [...pipelines.keys()].toSorted();
  if (named === undefined && names.length > 1) {
    const list = names.slice(0, mostShown).map(escapeLine).join(', ');
    throw new UsageError(
      `there are ${names.length} pipelines on ${link.server}: ${list}${more(names)}; expected the name of one`,
      {
        code: 'SEVERAL_PIPELINES',
        suggestions: names.slice(0, mostShown).map((name) => suggestFlag('pipeline', name, 'choose one')),
      },
    );
  }
  const name = named?.name ?? names[0];
  if (name === undefined) return undefined;
  const streams = pipelines.get(name);
  if (streams !== undefined) return configOf(link, name, await readConfig(link, name, streams));
  throw unknown(named?.from ?? '', name, names, link);
}

const mostShown = 10;

const howToApply = [
  suggestCommand('pipeline apply', { why: 'where its config file is, store its config on the server' }),
  'name another server with --server or --context',
];

function more(names: readonly string[]): string {
  return names.length > mostShown ? `, and ${names.length - mostShown} more` : '';
}

function unknown(from: string, name: string, names: readonly string[], { server }: Link): UsageError {
  const near = closest(name, names);
  const list = names.length === 0 ? 'none' : names.slice(0, mostShown).map(escapeLine).join(', ');
  return new UsageError(
    `${from}: no pipeline on ${server} is named ${escapeLine(name)}, found ${list}${more(names)}`,
    {
      code: 'UNKNOWN_PIPELINE',
      suggestions: near === undefined ? howToApply : [suggestFlag('pipeline', near)],
    },
  );
}

async function configOf(
  { server }: Link,
  name: string,
  document: JsonObject | undefined,
): Promise<PipelineConfig> {
  if (document === undefined) {
    throw new ConfigError(`the config of the pipeline ${escapeLine(name)} is not stored on ${server}`, [], {
      code: 'NOT_APPLIED',
      suggestions: [...howToApply.slice(0, 1), 'or name its config file with --config'],
    });
  }
  const decoded = decodeApplied(document);
  if (!decoded.ok) {
    throw new OperationError(`the config of ${escapeLine(name)} on ${server}: ${decoded.reason}`, {
      code: 'UNREADABLE',
      suggestions: isNewer(document)
        ? ['use the version of plutomi-events that applied it, or a newer one']
        : howToApply.slice(0, 1),
    });
  }
  return configFromStored(decoded.value, `the config of ${escapeLine(name)} on ${server}`);
}

/** The streams of every pipeline of the account, by its name. */
async function pipelinesOf(link: Link): Promise<Map<string, StreamInfo[]>> {
  const pipelines = new Map<string, StreamInfo[]>();
  for (const info of await ownedStreams(link)) {
    const owner = ownerOf(info.config.metadata) ?? '';
    pipelines.set(owner, [...(pipelines.get(owner) ?? []), info]);
  }
  return pipelines;
}

/** The operations stream says of itself that it is the one: its document names both the pipeline and the stream. */
async function readConfig(
  link: Link,
  owner: string,
  streams: readonly StreamInfo[],
): Promise<JsonObject | undefined> {
  const candidates = streams.filter(({ config }) => config.max_msgs_per_subject === 1);
  const documents = await concurrently(candidates, readAtOnce, async ({ config: { name, subjects } }) => {
    const message = await link.readLast(name, operationsSubject(rootOf(subjects), 'config'));
    const decoded = message && decodeObject(message.data);
    return decoded?.ok && isAbout(decoded.value, owner, name) ? decoded.value : undefined;
  });
  return documents.find((one) => one !== undefined);
}

function isAbout(document: JsonObject, owner: string, stream: string): boolean {
  // What a newer version has stored may look different.
  if (isNewer(document)) return true;
  const { name, streams } = (document['config'] ?? {}) as JsonObject;
  const { operations } = (streams ?? {}) as { readonly operations?: { readonly name?: unknown } };
  return name === owner && operations?.name === stream;
}

/** The streams that belong to a pipeline. */
async function ownedStreams(link: Link): Promise<StreamInfo[]> {
  const isOwned = ({ config }: StreamInfo): boolean => ownerOf(config.metadata) !== undefined;
  try {
    return (await listStreams(link)).filter(isOwned);
  } catch (error) {
    if (!(error instanceof NotAllowedError)) throw error;
    const guessed = (await guessStreams(link)).filter(isOwned);
    if (guessed.length > 0) return guessed;
    throw notAllowed(link, error);
  }
}

/** Who may not list the streams may know their names, and may ask about those of the own pipeline. */
async function guessStreams(link: Link): Promise<StreamInfo[]> {
  const byDefault = 'events-operations';
  const names = await streamsOwning(link, '>').catch((error: unknown) => {
    if (error instanceof NotAllowedError) return [];
    throw error;
  });
  const likely = names.filter((name) => name.endsWith('-operations') && name !== byDefault);
  const guesses = [byDefault, ...likely.slice(0, mostGuesses)];
  const found = await concurrently(guesses, readAtOnce, (name) =>
    link.streamInfo(name).catch((error: unknown) => {
      if (error instanceof NotAllowedError) return undefined;
      throw error;
    }),
  );
  return found.filter((info) => info !== undefined);
}

function notAllowed({ server }: Link, cause: NotAllowedError): ConnectionError {
  return new ConnectionError(
    `find the pipeline on ${server}: this user may not list the streams, and may not read any stream with a name like events-operations`,
    {
      code: 'NOT_ALLOWED',
      cause,
      suggestions: [
        'name its config file with --config',
        suggestCommand('pipeline permissions', {
          flags: { role: 'viewer' },
          why: 'where the config file is, see what a user needs',
        }),
      ],
    },
  );
}
