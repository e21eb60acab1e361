import { execa } from 'execa';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { takeWarnings } from '../support/fail-on-warnings.js';

test('a warning of Node is seen here, and in a process that a test starts, whatever becomes of its stderr', async () => {
  process.emitWarning('of this process');
  let seen = '';
  await eventually('it is seen', () => (seen += takeWarnings()).includes('of this process'));
  for (const env of [{}, { NODE_OPTIONS: '--max-old-space-size=500' }]) {
    const words = ['-e', 'process.emitWarning("of another")'];
    await execa(process.execPath, words, { env, extendEnv: false, stdio: 'ignore' });
    expect(takeWarnings()).toMatch(/\(node:\d+\) Warning: of another/);
  }
});
