import type { EventMessage, EventRegistry } from '../handlers/event.js';
import { headerOf } from '../nats/wire/message.js';
import type { Processing } from '../tracing/tracing.js';
import type { Case } from './stages/case.js';

/** What is told of an attempt to those who trace. */
export function processingOf(
  { task, held, history }: Case,
  attempt: number,
  message: EventMessage,
  registry: EventRegistry,
): Processing {
  const { subject, stream, seq, msgId, headers } = message;
  const { consumer, stage, cycle } = task.key;
  const traceparent = headerOf(headers, 'traceparent');
  const tracestate = headerOf(headers, 'tracestate');
  return {
    type: registry.find(subject)?.type,
    consumer,
    subject,
    stream,
    seq,
    msgId,
    deliveries: held.delivery.deliveries,
    consumerSeq: held.delivery.consumerSeq,
    stage,
    attempt,
    cycle,
    published: {
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
    },
    before: history.failed?.record.trace ?? task.trace,
  };
}
