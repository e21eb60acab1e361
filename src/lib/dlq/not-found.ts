import type { Pipeline } from '../pipeline/pipeline.js';
import { type PipelineConfig, readersOf } from '../config/resolved.js';
import { closest } from '../domain/closest.js';
import { type DeadLetterId, formatDeadLetterId, parseDeadLetterId } from '../domain/dead-letter.js';
import { escapeLine } from '../domain/escape.js';
import { decodeRecord } from '../domain/record-decode.js';
import { kindFacts } from '../domain/record-kinds.js';
import { recordReason } from '../domain/record-reason.js';
import { inUtc } from '../domain/time.js';
import { pointerFilter } from '../domain/subjects.js';
import type { LetterStatus } from '../domain/selection/match.js';
import { OperationError } from '../errors.js';
import { noStream } from '../nats/read/read-stream.js';
import { lastPointer } from '../pointers/write-pointer.js';
import { findArchived } from '../pointers/read-letters.js';
import { type OwnCommand, suggestCommand } from '../suggestion.js';

const nearestShown = 3;

/** No dead letter has this id (exit code 1): says what became of it where the journal knows, and which are near. */
export async function notFound(
  pipeline: Pipeline,
  id: string,
  status: LetterStatus = 'dead',
): Promise<OperationError> {
  const { link, places } = pipeline;
  const { stream: dlq } = places.dlq;
  if (!(await link.streamInfo(dlq))) return noStream(link, dlq);
  const named = parseDeadLetterId(id);
  if (!named) {
    return new OperationError(`no dead letter "${id}": an id looks like notifications-consumer/42`, {
      code: 'NOT_FOUND',
      suggestions: [suggestCommand('dlq list')],
    });
  }
  if (status === 'archived') return notArchived(pipeline, id, named);
  const became = await whatBecameOf(pipeline, named);
  const isArchived = (await findArchived(pipeline, named.consumer, named.seq)) !== undefined;
  const suggestions = isArchived ? [suggestCommand('dlq restore', { args: [id], why: 'put it back' })] : [];
  if (hasLife(pipeline, named, became)) suggestions.push(explain(id));
  else suggestions.push(...(await othersThan(pipeline, named)));
  return new OperationError(`no dead letter ${id}${became}`, { code: 'NOT_FOUND', suggestions });
}

/** Of a consumer that has left the config, an event has nothing to tell. */
function hasLife({ config }: Pipeline, { consumer }: DeadLetterId, became: string): boolean {
  return became !== '' && readersOf(config).some(({ name }) => name === consumer);
}

function explain(id: string): OwnCommand {
  return suggestCommand('events explain', { args: [id], why: 'see its whole life' });
}

async function othersThan(pipeline: Pipeline, named: DeadLetterId): Promise<OwnCommand[]> {
  const near = await nearestIds(pipeline, named);
  return [
    ...near.map((other) => suggestCommand('dlq show', { args: [other] })),
    near.length > 0 ? listOf(named.consumer) : didYouMean(pipeline.config, named.consumer),
  ];
}

async function notArchived(pipeline: Pipeline, id: string, named: DeadLetterId): Promise<OperationError> {
  const { link, places } = pipeline;
  const isDead = (await lastPointer(link, places.dlq, named.consumer, named.seq)) !== undefined;
  const where = isDead ? ': it is in the DLQ' : await whatBecameOf(pipeline, named);
  return new OperationError(`no archived dead letter ${id}${where}`, {
    code: 'NOT_FOUND',
    suggestions: [
      !isDead && hasLife(pipeline, named, where)
        ? explain(id)
        : suggestCommand('dlq list', { flags: { archived: true } }),
    ],
  });
}

function didYouMean(config: PipelineConfig, consumer: string): OwnCommand {
  const names = readersOf(config).map(({ name }) => name);
  const other = names.includes(consumer) ? undefined : closest(consumer, names);
  return other === undefined ? suggestCommand('dlq list') : listOf(other);
}

function listOf(consumer: string): OwnCommand {
  return suggestCommand('dlq list', { flags: { consumer } });
}

async function nearestIds(pipeline: Pipeline, named: DeadLetterId): Promise<string[]> {
  const { link, config } = pipeline;
  const { roots, streams } = config;
  const info = await link.streamInfo(streams.dlq.name, pointerFilter(roots.dlq, named.consumer));
  const seqs = Object.keys(info?.state.subjects ?? {}).map((subject) => Number(subject.split('.').at(-1)));
  return seqs
    .filter((seq) => Number.isSafeInteger(seq))
    .toSorted((a, b) => Math.abs(a - named.seq) - Math.abs(b - named.seq))
    .slice(0, nearestShown)
    .map((seq) => formatDeadLetterId({ consumer: named.consumer, seq }));
}

async function whatBecameOf(pipeline: Pipeline, named: DeadLetterId): Promise<string> {
  const { link, config } = pipeline;
  const found = await Promise.all(
    (['REPLAYED', 'DISCARDED', 'ARCHIVED', 'RESTORED'] as const).map((kind) => {
      const subject = `${config.roots.advisories}.*.${kind}.${named.consumer}.${named.seq}.dlq.*`;
      return link.readLast(config.streams.advisories.name, subject);
    }),
  );
  const [last] = found.filter((message) => message !== undefined).toSorted((a, b) => b.seq - a.seq);
  const decoded = last && decodeRecord(last.data);
  if (!decoded?.ok) return '';
  const { kind, at } = decoded.value;
  return [`: it was ${kindFacts[kind].title} at ${inUtc(escapeLine(at))}`, recordReason(decoded.value)]
    .filter(Boolean)
    .join(' ');
}
