import { expect, test } from 'vitest';
import { readWebhookSecrets, webhookHeaders } from '../../../src/lib/domain/webhook-signature.js';

function keysOf(text: string): readonly Buffer[] {
  const read = readWebhookSecrets(text);
  if (!read.ok) throw new Error(read.reason);
  return read.value;
}

test('as the libraries of Standard Webhooks sign', () => {
  const keys = keysOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const headers = webhookHeaders(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    1_614_265_330_999,
    '{"test": 2432232314}',
    keys,
  );
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('with several secrets there are several signatures, and none without', () => {
  const secret = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
  const two = webhookHeaders('i', 0, '', keysOf(` ${secret(1)}  ${secret(2)}\n`))['webhook-signature'];
  const [one, other] = [1, 2].map(
    (byte) => webhookHeaders('i', 0, '', keysOf(secret(byte)))['webhook-signature'],
  );
  expect(two).toBe(`${one} ${other}`);
  expect(webhookHeaders('i', 0, '', [])).toEqual({ 'webhook-id': 'i', 'webhook-timestamp': '0' });
});

test.each([
  'hunter2',
  'whsec_hunter2',
  `whsec_${Buffer.alloc(23).toString('base64')}`,
  `whsec_${Buffer.alloc(65).toString('base64')}`,
  `whsec_${'hunter2!'.repeat(8)}`,
  Buffer.alloc(32).toString('base64'),
  `whsec_${Buffer.alloc(32, 1).toString('base64')} hunter2`,
])('what is no secret is refused, and not shown: %s', (text) => {
  const read = readWebhookSecrets(text);
  expect(read).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^expected whsec_ and base64 of 24 to 64 bytes/),
  });
  expect(JSON.stringify(read)).not.toContain('hunter2');
});

test('blanks alone are no secret', () => {
  expect(readWebhookSecrets('  ')).toMatchObject({ ok: false });
});
