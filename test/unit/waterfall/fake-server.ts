import { headers, type Msg } from '@nats-io/transport-node';
import { Delivery } from '../../../src/lib/nats/consume/delivery.js';
import type { Link } from '../../../src/lib/nats/link.js';

/** What was said to the server about a delivery, and how: `+ACK` without waiting, `+ACK?` with. */
export interface FakeServer {
  readonly link: Link;
  readonly said: string[];
  /** Monotonic ms; tests move it. */
  now: number;
  connected: boolean;
  /** Answers requests after so many refusals. */
  silences: number;
  readonly monotonic: () => number;
}

/** A link whose server answers what the test wants. Only for what the settler says. */
export function fakeServer(): FakeServer {
  const said: string[] = [];
  const server: FakeServer = {
    said,
    now: 1000,
    connected: true,
    silences: 0,
    monotonic: () => server.now,
    link: {
      get connected() {
        return server.connected;
      },
      send: (_subject: string, verdict: string) => void said.push(verdict),
      nc: {
        request: async (_subject: string, verdict: string) => {
          said.push(`${verdict}?`);
          if (server.silences-- > 0) throw new Error('timeout');
        },
      },
    } as unknown as Link,
  };
  return server;
}

export interface DeliveryFacts {
  readonly subject?: string;
  readonly body?: string;
  readonly deliveries?: number;
}

/** A delivery of message 42, as the server names it. */
export function delivered(
  header: Readonly<Record<string, string>> = {},
  { subject = 'events.totp.requested', body = '', deliveries = 3 }: DeliveryFacts = {},
): Delivery {
  const of = headers();
  for (const [name, value] of Object.entries(header)) of.append(name, value);
  const delivery = Delivery.from({
    subject,
    reply: `$JS.ACK.events.notifications-consumer.${deliveries}.42.57.1769860800123456789.0`,
    data: Buffer.from(body),
    headers: of,
  } as unknown as Msg);
  if (!delivery) throw new Error('not a delivery');
  return delivery;
}
