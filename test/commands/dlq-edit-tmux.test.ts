import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bury, consumer } from '../support/dead-letters.js';
import { type TestBed, testBed } from '../support/pipeline.js';
import { makeProject } from '../support/project.js';
import { openTerminal, type Terminal } from '../support/tmux.js';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

const config = {
  name: 'test',
  events: { 'totp.requested': {} },
  consumers: { [consumer]: { events: ['totp.requested'], handler: './handler.mjs' } },
};

const big = 12345678901234567890n.toString();

/** One dead letter, and a terminal whose editor is this script. */
async function desk(
  script: string,
  data: unknown = { street: null, big },
): Promise<{
  readonly bed: TestBed;
  readonly folder: string;
  readonly edit: () => Promise<Terminal>;
}> {
  const bed = await testBed();
  await bury(bed, { data });
  const files = { 'handler.mjs': 'export default async () => {};\n' };
  const { folder } = await makeProject(bed.server.url, config, files);
  const editor = join(folder, 'editor.sh');
  await writeFile(editor, `#!/bin/sh\n${script}\n`);
  await chmod(editor, 0o700);
  const env = { NATS_URL: bed.server.url, EDITOR: `${editor} --wait`, TMPDIR: folder };
  const words = ['dlq', 'edit', `${consumer}/1`, '--reason', 'the street was missing', '--wait'];
  return {
    bed,
    folder,
    edit: () => openTerminal([process.execPath, bin, ...words], { cwd: folder, env, columns: 80 }),
  };
}

const left = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith('plutomi-edit-'));

describe('dlq edit in a terminal', () => {
  it('opens the editor, shows the difference, asks, and replays what was edited', async () => {
    const { bed, folder, edit } = await desk(
      'stat -c %a "$2" > mode; sed -i \'s/"street": null/"street": "Main"/\' "$2"',
    );
    const seen: unknown[] = [];
    await bed.run({ [consumer]: (event, { stage }) => void (stage === 'retry' && seen.push(event.data)) });
    await using pane = await edit();
    const plan = await pane.waitFor(/Replay this dead letter as edited on/);
    expect(plan).toMatch(/- data\S*street: null/);
    expect(plan).toMatch(/\+ data\S*street: "Main"/);
    expect(plan).toContain('1 changed, 0 unchanged, 0 refused');
    await pane.press('y', 'Enter');
    expect(await pane.exitCode()).toBe(0);
    expect(await pane.text()).toContain('edited 1, unchanged 0, refused 0; replayed 1; resolved 1');
    expect(seen).toEqual([{ street: 'Main', big: '12345678901234567890' }]);
    expect(await left(folder)).toEqual([]);
  });

  it('shows the bytes that differ of what is no text, and nothing that the terminal would obey', async () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, n) => 0x80 + (n % 0x60));
    const changed = Buffer.from(bytes);
    changed.set([0x1b, 0x5b, 0x32, 0x4a], 100);
    const [old, now] = [Buffer.from(bytes).toString('base64'), changed.toString('base64')];
    const { edit } = await desk(`sed -i 's#${old}#${now}#' "$2"`, bytes);
    await using pane = await edit();
    const plan = (await pane.waitFor(/Replay this dead letter as edited on/)).split('\n');
    expect(plan.slice(0, 5)).toEqual([
      `${consumer}/1`,
      '  - data: 200 bytes, no text',
      '  + data: 200 bytes, no text',
      '  - 000060  80 81 82 83 84 85 86 87 88 89 8a 8b 8c 8d 8e 8f  ................',
      '  + 000060  80 81 82 83 1b 5b 32 4a 88 89 8a 8b 8c 8d 8e 8f  .....[2J........',
    ]);
    await pane.press('n', 'Enter');
    expect(await pane.exitCode()).toBe(1);
  });

  it('does nothing with a file that is left as it was', async () => {
    const { bed, folder, edit } = await desk('true');
    await using pane = await edit();
    expect(await pane.exitCode()).toBe(0);
    expect(await pane.text()).toContain('0 changed, 1 unchanged, 0 refused');
    expect(await bed.dead(consumer, 1)).toBeDefined();
    expect(await left(folder)).toEqual([]);
  });

  it('keeps and names a file that it can not read', async () => {
    const { bed, folder, edit } = await desk('echo "{ nonsense" > "$2"');
    await using pane = await edit();
    expect(await pane.exitCode()).toBe(1);
    expect((await pane.text()).replaceAll(/\s/g, '')).toContain('Itiskeptin');
    expect(await left(folder)).toHaveLength(1);
    expect(await bed.dead(consumer, 1)).toBeDefined();
  });
});
