import { expect, test } from 'vitest';
import { askConsent } from '../../../src/lib/cli/consent.js';

const asking = {
  pipeline: 'billing',
  why: undefined,
  interactive: false,
  command: 'dlq replay',
  hasDryRun: true,
};
const why = 'the pipeline billing is protected';

test('without a terminal --yes or the name is needed; of a protected pipeline the name', async () => {
  await expect(askConsent('?', {}, asking)).rejects.toMatchObject({
    code: 'CONFIRMATION_NEEDED',
    message: 'dlq replay needs --yes: there is no terminal to ask on',
    suggestions: ['add --yes', 'see only the plan with --dry-run'],
  });
  expect(await askConsent('?', { yes: true }, asking)).toBe(true);
  expect(await askConsent('?', { confirm: 'billing' }, asking)).toBe(true);
  await expect(askConsent('?', { yes: true }, { ...asking, why })).rejects.toMatchObject({
    code: 'CONFIRMATION_NEEDED',
    message: `dlq replay needs --confirm billing: ${why}`,
    suggestions: ['add --confirm billing', 'see only the plan with --dry-run'],
  });
  expect(await askConsent('?', { confirm: 'billing' }, { ...asking, why })).toBe(true);
});

test('a wrong name is refused, whether or not the pipeline is protected, and without a trick of the terminal', async () => {
  for (const reason of [undefined, why]) {
    await expect(
      askConsent('?', { yes: true, confirm: 'x\u001b[2J' }, { ...asking, why: reason }),
    ).rejects.toMatchObject({
      code: 'OTHER_PIPELINE',
      exitCode: 2,
      message: '--confirm: expected the name of the pipeline, billing, found x\\u001b[2J; nothing was done',
    });
  }
});
