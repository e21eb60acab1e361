import type * as OpenTelemetry from '@opentelemetry/api';
import type { Context, Link, Span, SpanContext, Tracer } from '@opentelemetry/api';
import { otherContext } from './trace-context.js';

type Api = typeof OpenTelemetry;

/** Where `@opentelemetry/api` keeps what was registered, whichever copy of it did: so that asking loads nothing. */
const registry = Symbol.for('opentelemetry.js.api.1');

/** Somebody in this process has registered a tracer provider. */
function isTraced(): boolean {
  return (globalThis as { [registry]?: { trace?: unknown } })[registry]?.trace !== undefined;
}

let loaded: Tracing | undefined;
let loading: Promise<Tracing | undefined> | undefined;

/** Tracing, once it is loaded; undefined: nobody traces, or it is not loaded yet. */
export function tracingNow(): Tracing | undefined {
  return isTraced() ? loaded : undefined;
}

/** Tracing; undefined: nobody traces, and nothing was loaded to find that out. */
export function tracing(): Tracing | undefined | Promise<Tracing | undefined> {
  if (!isTraced()) return undefined;
  if (loaded) return loaded;
  loading ??= load();
  return loading;
}

async function load(): Promise<Tracing | undefined> {
  try {
    loaded = new Tracing(await import('@opentelemetry/api'));
  } catch {
    // An optional peer, which is not installed beside us.
  }
  return loaded;
}

/** Headers that a message carries so that whoever handles it knows where it came from. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** What is published. */
export interface Publishing {
  readonly type: string;
  readonly subject: string;
  readonly stream: string;
  readonly msgId: string;
  /** Those that the caller has given: then this is a part of that trace. */
  readonly given: TraceHeaders;
}

/** What is handled. */
export interface Processing {
  /** Undefined: the config has no such type. */
  readonly type: string | undefined;
  readonly consumer: string;
  readonly subject: string;
  readonly stream: string;
  readonly seq: number;
  readonly msgId: string | undefined;
  readonly deliveries: number;
  readonly consumerSeq: number;
  readonly stage: string;
  readonly attempt: number;
  readonly cycle: number;
  /** Of whoever published it. */
  readonly published: TraceHeaders;
  /** `traceparent` of the attempt before this one, or of the replay. */
  readonly before: string | undefined;
}

/** A span that is to be ended. */
export interface OpenSpan {
  readonly headers: TraceHeaders;
  /** Runs `work` inside of it. */
  within<T>(work: () => T): T;
  set(attributes: Readonly<Record<string, string | number | boolean>>): void;
  /** `failure`: what went wrong, and its name. */
  end(failure?: { readonly name: string; readonly message: string }): void;
}

/** Spans as the conventions for messaging have them. */
export class Tracing {
  private readonly tracer: Tracer;

  constructor(private readonly api: Api) {
    this.tracer = api.trace.getTracer('plutomi-events');
  }

  /** `traceparent` of the span that is active now. */
  get active(): string | undefined {
    const span = this.api.trace.getActiveSpan();
    return span && headersOf(span.spanContext()).traceparent;
  }

  publishing({ type, subject, stream, msgId, given }: Publishing): OpenSpan {
    const { api } = this;
    const remote = this.remote(given);
    const parent = remote ? api.trace.setSpanContext(api.ROOT_CONTEXT, remote) : api.context.active();
    const span = this.tracer.startSpan(
      `publish ${type}`,
      {
        kind: api.SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'nats',
          'messaging.operation.name': 'publish',
          'messaging.operation.type': 'send',
          'messaging.destination.name': subject,
          'messaging.message.id': msgId,
          'messaging.nats.stream.name': stream,
        },
      },
      parent,
    );
    return this.open(span, parent);
  }

  /** A trace of its own: one event has many consumers, and may be handled days later. Links lead to the others. */
  processing(facts: Processing): OpenSpan {
    const { api } = this;
    const { type, consumer, subject, stream, seq, msgId, deliveries, consumerSeq } = facts;
    const links = [this.remote(facts.published), this.remote({ traceparent: facts.before ?? '' })];
    const span = this.tracer.startSpan(
      `process ${type ?? consumer}`,
      {
        kind: api.SpanKind.CONSUMER,
        root: true,
        links: links.flatMap((context): Link[] => (context ? [{ context }] : [])),
        attributes: {
          'messaging.system': 'nats',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': subject,
          'messaging.consumer.group.name': consumer,
          ...(msgId === undefined ? {} : { 'messaging.message.id': msgId }),
          'messaging.nats.stream.name': stream,
          'messaging.nats.message.stream_sequence': seq,
          'messaging.nats.message.consumer_sequence': consumerSeq,
          'messaging.nats.message.delivery_count': deliveries,
          'plutomi.stage': facts.stage,
          'plutomi.attempt': facts.attempt,
          'plutomi.cycle': facts.cycle,
        },
      },
      api.ROOT_CONTEXT,
    );
    return this.open(span, api.ROOT_CONTEXT);
  }

  private open(span: Span, parent: Context): OpenSpan {
    const { api } = this;
    return {
      headers: headersOf(span.spanContext()),
      within: (work) => api.context.with(api.trace.setSpan(parent, span), work),
      set: (attributes) => void span.setAttributes(attributes),
      end: (failure) => {
        if (failure) {
          span.setAttribute('error.type', failure.name);
          span.setStatus({ code: api.SpanStatusCode.ERROR, message: failure.message });
        }
        span.end();
      },
    };
  }

  private remote({ traceparent, tracestate }: TraceHeaders): SpanContext | undefined {
    const found = otherContext(traceparent);
    if (found === undefined) return undefined;
    const traceState = tracestate === undefined ? {} : { traceState: this.api.createTraceState(tracestate) };
    return { ...found, ...traceState, isRemote: true };
  }
}

function headersOf({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceHeaders {
  const state = traceState?.serialize() ?? '';
  return {
    traceparent: `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, '0')}`,
    ...(state === '' ? {} : { tracestate: state }),
  };
}
