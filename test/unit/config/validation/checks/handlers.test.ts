import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { validateConfig } from '../../../../../src/lib/config/validation/validate.js';
import { temporaryFolder } from '../../../../support/temporary-folder.js';
import { problemsOf, withMailer } from '../../valid-config.js';

describe('handler files', () => {
  test('missing: as written, and where it was looked for', async () => {
    expect(
      await problemsOf(withMailer({ handler: 'handlers/x.mjs', onDeadLetter: { handler: '../y.mjs' } })),
    ).toEqual([
      'consumers.mailer.handler: expected a module, found no file for "handlers/x.mjs" (looked at <folder>/handlers/x.mjs)',
      expect.stringMatching(
        /^consumers\.mailer\.onDeadLetter\.handler: expected a module, found no file for "\.\.\/y\.mjs" \(looked at .*\/y\.mjs\)$/,
      ),
    ]);
  });

  test('a folder is none; an absolute path is taken as it is', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'handlers'));
    const file = join(folder, 'there.mjs');
    await writeFile(file, '');
    const { problems } = await validateConfig(withMailer({ handler: 'handlers' }), folder, {
      handlerFiles: true,
    });
    expect(problems[0]?.message).toContain('found a folder');
    expect(await problemsOf(withMailer({ handler: file }))).toEqual([]);
  });
});
