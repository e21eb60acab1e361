import type { JsonObject } from './decode.js';

/** What stands in the keys of an envelope. A key that is not named is not there. */
export interface EnvelopeKeys {
  /** The data. */
  readonly payload: string;
  /** The event type. */
  readonly type?: string;
  /** `Nats-Msg-Id`. */
  readonly id?: string;
  /** When it was published, ISO. */
  readonly time?: string;
  /** The correlation id. */
  readonly correlation?: string;
  /** How often the event failed before. A handler sees it; it is never stored. */
  readonly attempts?: string;
}

/** Header of the correlation id, unless the config names another. */
export const defaultCorrelationHeader = 'Session-Id';

/** What a publisher knows of an event. */
export interface EnvelopeFacts {
  readonly type: string;
  readonly id: string;
  readonly time: string;
  readonly correlation: string | undefined;
}

/** The envelope as JSON, around a payload that is JSON: each of its digits stays. */
export function wrap(
  keys: EnvelopeKeys,
  { type, id, time, correlation }: EnvelopeFacts,
  json: string,
): string {
  const fields = [
    [keys.type, type],
    [keys.id, id],
    [keys.time, time],
    [keys.correlation, correlation],
  ].flatMap(([key, value]) =>
    key === undefined || value === undefined ? [] : [`${JSON.stringify(key)}:${JSON.stringify(value)}`],
  );
  return `{${[...fields, `${JSON.stringify(keys.payload)}:${json}`].join(',')}}`;
}

/** An envelope that was opened. */
export interface Unwrapped {
  readonly data: unknown;
  /** Its other keys. */
  readonly envelope: JsonObject;
}

/** What an envelope holds; undefined: it is none, as with an event that is older than the envelope. */
export function unwrap({ payload, type, id }: EnvelopeKeys, value: unknown): Unwrapped | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const needed = [payload, type, id].filter((key) => key !== undefined);
  if (!needed.every((key) => Object.hasOwn(value, key))) return undefined;
  const { [payload]: data, ...envelope } = value as JsonObject;
  return { data, envelope };
}
