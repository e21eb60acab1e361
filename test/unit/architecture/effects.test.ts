import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseSource, readSources, type Source } from '../../support/syntax.js';
import { usesOf } from '../../support/uses-of.js';

interface Rule {
  readonly refused: RegExp;
  /** Folders below src/lib, `commands` and single files, that may. */
  readonly except: readonly string[];
}

const program = ['cli', 'commands'];

const rules = {
  'read the environment in connection/ only': {
    refused: /^process\.(env|loadEnvFile|\*)(\.|$)/,
    except: ['connection', ...program],
  },
  'exit and take arguments in cli/ and commands/ only': {
    refused: /^process\.(exit|exitCode|abort|reallyExit|argv|argv0|execArgv|\*)(\.|$)/,
    except: program,
  },
  'print and prompt in cli/ and commands/ only': {
    refused:
      /^(console\b|process\.(stdout|stderr|stdin|\*)(\.|$)|readline\b|fs\.(write|writev)(Sync)?$|fs\.\*$)/,
    except: [...program, 'lib/observe/log-output.ts'],
  },
  'take time, chance and who this process is from what they are given': {
    refused:
      /^(Date\.now|new Date|Date\(\)|Date\.\*|performance\b|process\.(hrtime|uptime|env|p?pid|title|\*)(\.|$)|Math\.(random|\*)|crypto\.(random\w*|getRandomValues|subtle|webcrypto|\*)|os\.(hostname|userInfo|uptime|\*))/,
    except: ['connection', 'pipeline', 'lib/flow/clock.ts', ...program],
  },
} satisfies Record<string, Rule>;

let sources: Source[] = [];

beforeAll(async () => {
  sources = await readSources();
});

function isExcept({ file }: Source, { except }: Rule): boolean {
  const [top = '', folder = ''] = file.split(path.sep);
  return except.includes(file) || except.includes(top) || (top === 'lib' && except.includes(folder));
}

function breaks(source: Source, rule: Rule): string[] {
  if (isExcept(source, rule)) return [];
  return usesOf(source)
    .filter((use) => rule.refused.test(use))
    .map((use) => `${source.file}: ${use}`);
}

const fixtures: Record<keyof typeof rules, readonly string[]> = {
  'read the environment in connection/ only': [
    'f(process.env.HOME);',
    "f(process['env']);",
    'f(process?.env);',
    'f((process as Process).env);',
    'f(globalThis.process.env);',
    "f(globalThis['process'].env.HOME);",
    'const { env } = process;',
    'const { env: e } = process;',
    'const { ...all } = process;',
    'let env; ({ env } = process);',
    'const me = process;',
    'f(process);',
    "import { env, exit } from 'node:process';",
    "import { env as e } from 'process';",
    "import process from 'node:process'; f(process.env);",
    "import me from 'node:process'; f(me.env);",
    "import * as me from 'node:process'; f(me.env);",
    "export { env } from 'node:process';",
    "const { env } = await import('node:process');",
    "f((await import('node:process')).env);",
    "const { env } = require('process');",
    "f(import('node:process').then(({ env }) => env));",
    "export * from 'node:process';",
  ],
  'exit and take arguments in cli/ and commands/ only': [
    'process.exit(1);',
    'process.exit();',
    'process.exitCode = 1;',
    "process['exitCode'] = 1;",
    'process.exitCode ??= 1;',
    'process.abort();',
    'f(process.argv);',
    'const [, , name] = process.argv;',
    "import { exit as leave } from 'node:process';",
    'f(() => process.exit);',
  ],
  'print and prompt in cli/ and commands/ only': [
    "console.log('x');",
    "console['log']('x');",
    'const { log } = console;',
    "globalThis.console.error('x');",
    "import { log } from 'node:console';",
    "import console from 'node:console'; console.log('x');",
    "process.stdout.write('x');",
    'const { stdout } = process;',
    "import { stdin } from 'node:process';",
    "import { writeSync } from 'node:fs'; writeSync(1, 'x');",
    "import { writeSync as say } from 'node:fs'; say(1, 'x');",
    "import fs from 'node:fs'; fs.writeSync(1, 'x');",
    "import * as fs from 'fs'; fs.write(2, 'x', f);",
    "import { createInterface } from 'node:readline';",
    "import { createInterface } from 'node:readline/promises';",
  ],
  'take time, chance and who this process is from what they are given': [
    'f(Date.now());',
    'f(new Date());',
    'f(new Date);',
    'f(Date());',
    'f(new globalThis.Date());',
    'const { now } = Date;',
    'f(performance.now());',
    "import { performance } from 'node:perf_hooks'; f(performance.now());",
    'f(process.hrtime.bigint());',
    'f(Math.random());',
    'const { random } = Math;',
    'f(crypto.randomUUID());',
    "import { randomFillSync } from 'node:crypto';",
    "import { randomInt, randomBytes } from 'crypto';",
    "import { webcrypto } from 'node:crypto';",
    "import * as node from 'node:crypto'; f(node.randomFill(a));",
    "import { hostname } from 'node:os';",
    "import { userInfo as who } from 'node:os';",
    "import os from 'node:os'; f(os.userInfo().username);",
    "f((await import('node:os')).hostname());",
    'f(process.pid);',
    'const { pid } = process;',
  ],
};

describe.each(Object.entries(rules))('sources %s', (name, rule) => {
  test('all of them', () => {
    expect(sources.flatMap((source) => breaks(source, rule))).toEqual([]);
  });

  test.each(fixtures[name as keyof typeof rules])('found: %s', async (text) => {
    expect(breaks(await parseSource(text), rule)).not.toEqual([]);
  });
});

test('what only looks alike is not refused', async () => {
  const source = await parseSource(`
    import { constants } from 'node:os';
    import type { Hash } from 'node:crypto';
    const work = (process: Process) => run(process);
    export class Child { readonly exitCode = 1; at = new Date(0); }
    f(child.exitCode, child.env, child.stdout, constants.signals, Math.max(1, 2), this.clock.now(), process.platform);
  `);
  expect(Object.values(rules).flatMap((rule) => breaks(source, rule))).toEqual([]);
});
