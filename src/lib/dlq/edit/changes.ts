import { decodeText, malformed, parseJson } from '../../domain/decode.js';
import { applyEdits, type EditableEvent, type Edits } from '../../domain/edit.js';
import { hasRoundedIntegers } from '../../domain/numbers.js';
import { messageOf } from '../../errors.js';
import type { Change } from './decide-edit.js';

/** A function of the user: data and headers of an event to those that it is to have. */
export type Transform = (event: {
  readonly consumer: string;
  readonly subject: string;
  readonly headers: EditableEvent['headers'];
  readonly data: unknown;
}) => unknown;

/** First what the function makes of it, then what is set and unset. */
export function changeBy(edits: Edits, transform: Transform | undefined): Change {
  return async (event, { consumer, origin }) => {
    if (!transform) return applyEdits(event, edits);
    const text = decodeText(event.payload);
    const data = text === undefined ? malformed('') : parseJson(text);
    if (!data.ok || text === undefined) return malformed('its data is not JSON, which --transform needs');
    if (hasRoundedIntegers(text))
      return malformed('--transform would round its integers beyond 2^53: use --set or an editor');
    let made: unknown;
    try {
      made = await transform({ consumer, subject: origin.subject, headers: event.headers, data: data.value });
    } catch (error) {
      return malformed(`--transform: ${messageOf(error)}`);
    }
    if (made === undefined) return applyEdits(event, edits);
    const { data: newData, headers = event.headers } = (made ?? {}) as Partial<
      EditableEvent & { data: unknown }
    >;
    if (newData === undefined) return malformed('--transform: expected {data, headers}, found no data');
    const payload = new TextEncoder().encode(JSON.stringify(newData));
    return applyEdits({ headers, payload }, edits);
  };
}
