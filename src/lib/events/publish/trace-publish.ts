import {
  type OpenSpan,
  type Publishing,
  type TraceHeaders,
  tracing,
  tracingNow,
} from '../../tracing/tracing.js';
import { otherType } from './count-published.js';
import type { EventHeaders } from './headers.js';
import type { PublishSettler } from './publish-many.js';

const names = ['traceparent', 'tracestate'] as const;

function isTraceHeader(name: string): boolean {
  return (names as readonly string[]).includes(name.toLowerCase());
}

/** Those that the caller has given, however they are spelled. */
function traceHeadersIn(given: EventHeaders = {}): TraceHeaders {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const one = typeof value === 'string' ? value : value[0];
    if (isTraceHeader(name) && one !== undefined) found[name.toLowerCase()] = one;
  }
  return found;
}

/** Where somebody traces: after the loading of what that takes. */
export function onceTraceable<T>(publish: () => Promise<T>): Promise<T> {
  const loading = tracing();
  return loading instanceof Promise ? loading.then(publish) : publish();
}

/** What an event is published in; undefined: nobody traces. */
export function spanOf(
  { counted, ...facts }: Omit<Publishing, 'type' | 'given'> & { readonly counted: string },
  given: EventHeaders | undefined,
): OpenSpan | undefined {
  // Subjects that no type names may be of any number.
  const type = counted === otherType ? facts.stream : counted;
  return tracingNow()?.publishing({ ...facts, type, given: traceHeadersIn(given) });
}

/** The caller's headers, with those of the span that the event is published in, where it is in one. */
export function traced(
  given: EventHeaders | undefined,
  span: OpenSpan | undefined,
): EventHeaders | undefined {
  if (span === undefined) return given;
  const others = Object.entries(given ?? {}).filter(([name]) => !isTraceHeader(name));
  return { ...Object.fromEntries(others), ...span.headers };
}

/** Ends the span with what the server says. */
export function settlingSpan(span: OpenSpan, settle: PublishSettler): PublishSettler {
  return (result) => {
    if (result instanceof Error) span.end(result);
    else {
      span.set({ 'messaging.nats.message.stream_sequence': result.seq });
      span.end();
    }
    settle(result);
  };
}
