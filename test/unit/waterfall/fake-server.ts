import { headers, type Msg } from '@nats-io/transport-node';
import { Delivery } from '../../../src/lib/nats/delivery.js';
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
      nc: {
        publish: (_subject: string, verdict: string) => void said.push(verdict),
        request: async (_subject: string, verdict: string) => {
          said.push(`${verdict}?`);
          if (server.silences-- > 0) throw new Error('timeout');
        },
      },
    } as unknown as Link,
  };
  return server;
}

/** A delivery of event 42, as the server names it. */
export function delivered(header: Readonly<Record<string, string>> = {}): Delivery {
  const of = headers();
  for (const [name, value] of Object.entries(header)) of.append(name, value);
  const delivery = Delivery.from({
    subject: 'events.totp.requested',
    reply: '$JS.ACK.events.notifications-consumer.3.42.57.1769860800123456789.0',
    data: new Uint8Array(),
    headers: of,
  } as unknown as Msg);
  if (!delivery) throw new Error('not a delivery');
  return delivery;
}
