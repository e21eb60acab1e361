import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate } from '../harness/alternate.mjs';
import { bury, config, fillEvents } from '../harness/dead-letters.mjs';
import { expectEndState } from '../harness/end-state.mjs';
import { bin, withProject } from '../harness/project.mjs';

/** As many as `dlq list` shows when it isn't told. */
const page = 100;

/** Over bare Node, ms. From version 22 on Node keeps compiled code. */
const atMost =
  Number(process.versions.node.split('.')[0]) < 22
    ? { version: 15, help: 80, list: 140 }
    : { version: 15, help: 60, list: 100 };

/** What a command costs before it does anything, over a Node process that runs an empty file. */
export default {
  name: 'start',
  async run({ server, runs, quick }) {
    const files = { 'handler.mjs': 'export default async () => {};\n', 'empty.mjs': '' };
    return withProject(server, { config, files }, async (project) => {
      await project.cli('pipeline', 'apply', '--yes');
      await bury(server, await fillEvents(server, page));
      writeFileSync(join(project.folder, 'empty.mjs'), '');
      const time =
        (check, ...words) =>
        () => {
          const startedMs = performance.now();
          const { status, stdout } = spawnSync(process.execPath, words, {
            cwd: project.folder,
            env: project.env,
            encoding: 'utf8',
          });
          const ms = performance.now() - startedMs;
          expectEndState(words.join(' '), { status, right: check(stdout) }, { status: 0, right: true });
          return ms;
        };
      // One process start is a noisy thing: more of them than of the long runs.
      const figures = await alternate(quick ? 3 : runs * 5, {
        node: time((out) => out === '', 'empty.mjs'),
        version: time((out) => /^plutomi-events\/\d/.test(out), bin, '--version'),
        help: time((out) => out.includes('COMMANDS') || out.includes('TOPICS'), bin, '--help'),
        list: time((out) => JSON.parse(out).items.length === page, bin, 'dlq', 'list', '--json'),
      });
      const row = (path, name, aim) => ({
        path,
        unit: 'ms',
        ours: figures[name],
        ceiling: figures.node,
        gates: [
          {
            to: 'over bare node',
            value: figures[name] - figures.node,
            atMost: atMost[name],
            aim,
            unit: ' ms',
          },
        ],
      });
      return [
        row('start: --version', 'version', 8),
        row('start: --help', 'help', 45),
        row('start: dlq list of one page', 'list', 90),
      ];
    });
  },
};
