import { describe, expect, it } from 'vitest';
import { renderChoice, renderDeadLetters, renderGroups } from '../../../src/lib/render/dead-letters.js';
import { makeItem, makeView } from './dead-letter-items.js';

describe('renderDeadLetters', () => {
  it('says when each died, how often it was tried, and what became of its original', () => {
    const items = [
      makeItem(),
      makeItem({ id: 'a/1', originalExpiresAt: null }),
      makeItem({ id: 'a/2', original: 'missing', originalExpiresAt: null }),
      makeItem({ id: 'a/3', original: 'replaced', originalExpiresAt: null }),
      makeItem({ id: 'a/4', resolvedLate: true }),
    ];
    expect(renderDeadLetters(items, makeView())).toMatchInlineSnapshot(`
      "ID                           DIED  TRIES  ORIGINAL       REASON
      notifications-consumer/42  3m ago    3+2  expires in 6d  SmtpError: connection …
      a/1                        3m ago    3+2  present        SmtpError: connection …
      a/2                        3m ago    3+2  missing        SmtpError: connection …
      a/3                        3m ago    3+2  replaced       SmtpError: connection …
      a/4                        3m ago    3+2  resolved late  SmtpError: connection …"
    `);
  });

  it('has the subject where there is room for it', () => {
    expect(renderDeadLetters([makeItem()], makeView(120))).toMatchInlineSnapshot(`
      "ID                           DIED  TRIES  ORIGINAL       SUBJECT                REASON
      notifications-consumer/42  3m ago    3+2  expires in 6d  events.totp.requested  SmtpError: connection refused"
    `);
  });
});

const at = '2026-01-31T12:00:00.000Z';

describe('renderGroups', () => {
  it('says of how many shapes a group was made, where there are several', () => {
    const made = {
      key: 'no access',
      count: 2,
      firstDeadAt: at,
      lastDeadAt: at,
      sample: 'c/1',
      fingerprint: 'a',
    };
    const [one, several] = [1, 3].map((shapes) =>
      renderGroups([{ ...made, shapes }], 'reason', makeView(100)),
    );
    expect(one).not.toContain('shape');
    expect(several).toContain('(3 shapes) no access');
  });

  it('says how many, since when, and names one', () => {
    const group = {
      key: 'SmtpError: connection refused',
      count: 12,
      firstDeadAt: '2026-01-31T10:00:00.000Z',
      lastDeadAt: '2026-01-31T11:59:00.000Z',
      sample: 'notifications-consumer/42',
    };
    expect(renderGroups([group], 'reason', makeView(100))).toMatchInlineSnapshot(`
      "COUNT  REASON                          FIRST    LAST  SAMPLE
         12  SmtpError: connection refused  2h ago  1m ago  notifications-consumer/42"
    `);
    expect(renderGroups([{ ...group, key: 'a' }], 'consumer', makeView())).toContain('CONSUMER');
  });
});

describe('renderChoice', () => {
  it('is one escaped line that fits beside its box', () => {
    expect(renderChoice(makeItem(), makeView())).toBe(
      'notifications-consumer/42  3m ago  SmtpError: connection refused',
    );
    const item = makeItem({ reason: `\u001b[2J${'x'.repeat(200)}`, original: 'missing' });
    const text = renderChoice(item, makeView());
    expect(text).toMatch(/^notifications-consumer\/42 {2}3m ago {2}\[original missing\] \\u001b\[2Jx+…$/);
    expect(text).toHaveLength(74);
    expect(renderChoice(makeItem({ resolvedLate: true }), makeView())).toContain('[resolved late]');
  });
});
