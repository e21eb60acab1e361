// system_monitors: heartbeats, and a notification of each failed session.
import { noteHandled } from './handled.mjs';

const webhook = process.env.ALERT_WEBHOOK;

export default async function system(event, context) {
  if (event.type === 'session.failed' && webhook) {
    const response = await fetch(webhook, {
      method: 'POST',
      // The receiver keeps one of each key: an attempt that died may have sent it already.
      headers: { 'content-type': 'application/json', 'idempotency-key': context.idempotencyKey },
      body: JSON.stringify({ session: event.envelope?.session_id, error: event.data.error }),
      signal: context.signal,
    });
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
  }
  noteHandled('system_monitors', event);
}
