import type { Pipeline } from '../pipeline/pipeline.js';
import { leastRecordBytes, wholeRecordBytes } from '../domain/smaller.js';
import type { StreamInfo } from '../nats/objects.js';
import { type Suggestion, suggestOther } from '../suggestion.js';

/** A limit that the pipeline's own records meet. */
export interface TightLimit {
  /** Some records can't be stored at all; else they are only made smaller. */
  readonly refuses: boolean;
  /** Of the stream; undefined: of the server, for all of them. */
  readonly stream?: string;
  readonly detail: string;
  readonly suggestions: readonly Suggestion[];
}

/** Limits of the server, and of these streams, that are too tight for the records and pointers of a pipeline. */
export function tightLimits(pipeline: Pipeline, streams: readonly StreamInfo[]): TightLimit[] {
  const { link, config } = pipeline;
  const { advisories, retry, dlq } = config.streams;
  const own = [advisories, retry, dlq].map(({ name }) => name);
  const found = streams.filter((info) => own.includes(info.config.name));
  return [
    ...tight('max_payload', link.maxPayload),
    ...found.flatMap(({ config: { name, max_msg_size: most } }) =>
      most >= 0 ? tight('max_msg_size', most, name) : [],
    ),
  ];
}

function tight(limit: 'max_payload' | 'max_msg_size', bytes: number, stream?: string): TightLimit[] {
  if (bytes >= wholeRecordBytes) return [];
  const refuses = bytes < leastRecordBytes;
  const whose = stream === undefined ? 'the server' : stream;
  const raise =
    stream === undefined
      ? `raise it: ${limit}: ${wholeRecordBytes} in the server config`
      : suggestOther('nats', ['stream', 'edit', stream, '--max-msg-size=-1'], { why: 'raise it' });
  const what = refuses
    ? 'records of failed events may not fit, and their events are then delivered again forever'
    : 'larger records of failed events lose their stack and a part of their message';
  const about = stream === undefined ? {} : { stream };
  return [
    { refuses, ...about, detail: `${limit} of ${whose} is ${bytes} bytes: ${what}`, suggestions: [raise] },
  ];
}

/** As `tightLimits`, with the streams as they are now. */
export async function readTightLimits(pipeline: Pipeline): Promise<TightLimit[]> {
  const { link, config } = pipeline;
  const { advisories, retry, dlq } = config.streams;
  const found = await Promise.all([advisories, retry, dlq].map(({ name }) => link.streamInfo(name)));
  return tightLimits(
    pipeline,
    found.filter((info) => info !== undefined),
  );
}
