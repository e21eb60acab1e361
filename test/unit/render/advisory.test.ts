import { expect, it } from 'vitest';
import type { AdvisoryLine } from '../../../src/lib/journal/advisory-line.js';
import { renderAdvisory } from '../../../src/lib/render/advisory.js';
import { columnsOf } from '../../../src/lib/render/columns.js';
import { colorsFor } from '../../../src/lib/render/colors.js';
import { makeView, plainColors } from './dead-letter-items.js';

const line: AdvisoryLine = {
  at: '2026-01-31T12:00:00.000Z',
  kind: 'ATTEMPT_FAILED',
  source: 'pipeline',
  tier: 'business',
  stream: 'events',
  consumer: 'notifications-consumer',
  seq: 42,
  deliveries: 7,
  reason: 'SmtpError: connection refused',
  stage: 'retry',
  cycle: 1,
  attempt: 2,
};
const native = { source: 'server', stage: null, cycle: null, attempt: null, reason: null } as const;

it('is one aligned line', () => {
  const lines = [
    line,
    { ...line, kind: 'MAX_DELIVERIES', ...native },
    { ...line, kind: 'ROUTED', attempt: null, stage: 'main', cycle: 0, reason: 'to retry' },
    { ...line, kind: 'RESOLVED', tier: 'meta', consumer: 'meta-consumer-retry', reason: null },
    {
      ...line,
      kind: 'MALFORMED',
      ...native,
      consumer: null,
      stream: 'events-advisories',
      reason: 'not JSON',
    },
  ] as const;
  expect(
    lines.map((one) => renderAdvisory(one, makeView(Number.POSITIVE_INFINITY))).join('\n'),
  ).toMatchInlineSnapshot(`
    "2026-01-31 12:00:00  pipeline  ATTEMPT_FAILED   notifications-consumer/42         retry/1    #2  SmtpError: connection refused
    2026-01-31 12:00:00  server    MAX_DELIVERIES   notifications-consumer/42         events     #7
    2026-01-31 12:00:00  pipeline  ROUTED           notifications-consumer/42         main           to retry
    2026-01-31 12:00:00  pipeline  RESOLVED         meta-consumer-retry/42            retry/1    #2  meta
    2026-01-31 12:00:00  server    MALFORMED        events-advisories 42              events-advisories   #7  not JSON"
  `);
});

it.each([20, 40, 59, 60, 80, 110, 119, 120, 200])('takes one line of a terminal of %d columns', (width) => {
  const reason = `SmtpError: ${'connection refused, '.repeat(20)}`;
  for (const consumer of ['long-notifications-consumer', '宽'.repeat(30)]) {
    for (const one of [line, { ...line, ...native }]) {
      const shown = renderAdvisory({ ...one, consumer, reason }, makeView(width));
      expect(columnsOf(shown)).toBeLessThanOrEqual(width);
      expect(shown.length).toBeGreaterThan(width / 2 - 4);
    }
  }
});

it('has room for the reason where columns would have none', () => {
  const [pipeline, server] = [
    line,
    { ...line, ...native, kind: 'MAX_DELIVERIES', reason: 'it failed' } as const,
  ];
  const shown = (width: number): string =>
    [pipeline, server].map((one) => renderAdvisory(one, makeView(width))).join('\n');
  expect(shown(80)).toMatchInlineSnapshot(`
    "12:00:00  ATTEMPT_FAILED   notifications-consumer/42  retry/1 #2  SmtpError: co…
    12:00:00  MAX_DELIVERIES   notifications-consumer/42  events #7  server  it fai…"
  `);
  expect(shown(40)).toMatchInlineSnapshot(`
    "12:00:00  notifications-consumer/42  AT…
    12:00:00  notifications-consumer/42  MA…"
  `);
});

it('is coloured by how bad it is', () => {
  const colors = colorsFor({ isTty: true, off: false });
  const painted = (kind: AdvisoryLine['kind']): string =>
    renderAdvisory({ ...line, kind }, { width: 120, colors });
  expect(painted('MAX_DELIVERIES')).toContain('\u001b[31mMAX_DELIVERIES');
  expect(painted('ATTEMPT_FAILED')).toContain('\u001b[33mATTEMPT_FAILED');
  expect(painted('RESOLVED')).toContain('\u001b[32mRESOLVED');
});

it('holds nothing that a terminal would obey', () => {
  const nasty = '\u001b[2J';
  const text = renderAdvisory(
    { ...line, at: nasty, consumer: nasty, reason: nasty, stage: null, stream: nasty },
    { width: 120, colors: plainColors },
  );
  expect(text).not.toContain('\u001b');
});
