import type { DeadLetterItem } from '../../../src/lib/dlq/item.js';
import { colorsFor } from '../../../src/lib/render/colors.js';
import type { View } from '../../../src/lib/render/dead-letters.js';

export const plainColors = colorsFor({ isTty: false, off: true });

/** A view without colours, at noon. */
export function makeView(width = 80): View {
  return { width, colors: plainColors, nowMs: Date.parse('2026-01-31T12:00:00Z') };
}

export function makeItem(overrides: Partial<DeadLetterItem> = {}): DeadLetterItem {
  return {
    id: 'notifications-consumer/42',
    consumer: 'notifications-consumer',
    stream: 'events',
    seq: 42,
    subject: 'events.totp.requested',
    reason: 'SmtpError: connection refused',
    fingerprint: '0123456789ab',
    attempts: { main: 3, retry: 2 },
    cycle: 0,
    deadAt: '2026-01-31T11:57:00.000Z',
    group: '3f9a1c2b4d5e',
    name: 'SmtpError',
    code: null,
    status: 'dead',
    original: 'present',
    originalExpiresAt: '2026-02-06T12:00:00.000Z',
    kept: false,
    edited: false,
    supersededBy: null,
    ...overrides,
  };
}
