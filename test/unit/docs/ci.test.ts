import { access, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const read = (name: string): Promise<string> => readFile(new URL(name, root), 'utf8');

const versionsIn = (text: string | undefined): number[] => (text?.match(/\d+/g) ?? []).map(Number);

test('CI runs each version of Node that package.json and the docs promise', async () => {
  const workflow = await read('.github/workflows/ci.yml');
  const tested = versionsIn(/^ +node: \[([^\]]+)\]$/m.exec(workflow)?.[1]);
  const { engines } = JSON.parse(await read('package.json')) as { engines: { node: string } };
  const [oldest] = versionsIn(engines.node);

  expect(Math.min(...tested)).toBe(oldest);
  expect(versionsIn(await read('.nvmrc'))).toEqual([oldest]);
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/decisions/0006-dependencies.md']) {
    const promised = /Node ([\d.]+(?:, [\d.]+)* and \d+)/.exec(await read(page))?.[1] ?? '';
    expect(promised.replace('20.19', '20').match(/\d+/g)?.map(Number), page).toEqual(tested);
  }
});

test('CI may only read, and runs the script of this repository', async () => {
  const workflow = await read('.github/workflows/ci.yml');
  expect(workflow).toMatch(/^permissions:\n {2}contents: read\n\n/m);
  expect(workflow.match(/permissions:/g)).toHaveLength(1);
  const [, script = ''] = /run: bash (\S+)/.exec(workflow) ?? [];
  await access(new URL(script, root));
  const actions = [...workflow.matchAll(/uses: (.+)/g)].map(([, action]) => action ?? '');
  expect(actions.filter((action) => !/^actions\/[a-z-]+@v\d+$/.test(action))).toEqual([]);
});
