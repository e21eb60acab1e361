import type { PipelineConfig } from '../../config/resolved.js';
import { decodeText, parseJson } from '../../domain/decode.js';
import { defaultCorrelationHeader, type EnvelopeKeys, wrap } from '../../domain/envelope.js';
import { isoOfMs } from '../../domain/time.js';
import { UsageError } from '../../errors.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { EventHeaders } from './headers.js';
import type { PublishEventOptions } from './outgoing.js';

/** The headers that were given, with the correlation id among them. Undefined: none were. */
export function withCorrelation(
  { correlationHeader = defaultCorrelationHeader }: Pick<PipelineConfig, 'correlationHeader'>,
  { headers, correlation }: PublishEventOptions,
): EventHeaders | undefined {
  return correlation === undefined ? headers : { ...headers, [correlationHeader]: correlation };
}

interface Facts {
  readonly type: string;
  readonly id: string;
  /** Its headers. */
  readonly given: EventHeaders | undefined;
}

/**
 * The payload in the envelope of the config; an empty one as null.
 *
 * @throws UsageError `NOT_JSON`
 */
export function wrapped(
  { config, clock }: Pick<Pipeline, 'config' | 'clock'>,
  payload: Uint8Array,
  { type, id, given }: Facts,
): Uint8Array {
  const { correlationHeader = defaultCorrelationHeader } = config;
  const text = payload.length === 0 ? 'null' : decodeText(payload);
  if (text === undefined || !parseJson(text).ok)
    throw new UsageError(`the config has an envelope, and the data is not JSON: ${payload.length} bytes`, {
      code: 'NOT_JSON',
    });
  const correlation = Object.entries(given ?? {}).find(
    ([name]) => name.toLowerCase() === correlationHeader.toLowerCase(),
  )?.[1];
  const facts = {
    type,
    id,
    time: isoOfMs(clock.now()),
    correlation: typeof correlation === 'string' ? correlation : correlation?.[0],
  };
  return new TextEncoder().encode(wrap(config.envelope as EnvelopeKeys, facts, text));
}
