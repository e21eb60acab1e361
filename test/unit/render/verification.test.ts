import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../../src/lib/render/colors.js';
import { renderVerification } from '../../../src/lib/render/verification.js';

describe('a verification', () => {
  it('breaks its lines at blanks, and in a pipe not at all', () => {
    const detail =
      'one replica only: events, events-retry, events-dlq, events-advisories. They are gone with it';
    const found = {
      pipeline: 'plutomi',
      server: '127.0.0.1:4222',
      ok: false,
      checked: {
        records: 0,
        exhaustions: 0,
        pointers: 0,
        deadLetters: 0,
        archived: 0,
        originals: 0,
        inFlight: 0,
      },
      problems: [
        { kind: 'behind' as const, consumer: 'mailer', stream: 'events', detail, repairable: false },
      ],
      warnings: [{ kind: 'single-replica' as const, detail }],
      waiting: [],
    };
    const colors = colorsFor({ isTty: false, off: true });
    const lines = renderVerification(found, { colors, width: 80 }).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(lines).toContain('warning  single-replica: one replica only: events, events-retry, events-dlq,');
    expect(lines).toContain('         events-advisories. They are gone with it');
    const whole = renderVerification(found, { colors, width: Number.POSITIVE_INFINITY });
    expect(whole).toContain(`warning  single-replica: ${detail}\n`);
    expect(whole).toContain(`behind  events mailer  ${detail}\n`);
  });
});
