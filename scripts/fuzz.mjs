// Runs the property tests, and nothing else, each with many more values than `npm test` tries.
//
//   node scripts/fuzz.mjs [--runs <n>] [--only <part of a name>] [--seed=<n> [--path=<p>]]
//
// Exit code 1 on a finding, with the command that repeats it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { root } from './places.mjs';
import { readFlags } from './read-flags.mjs';

const text = { type: 'string' };
const flags = readFlags('fuzz', {
  runs: { ...text, default: '200000', count: true },
  only: text,
  seed: text,
  path: text,
});
if (flags.seed !== undefined && !/^-?\d+$/.test(flags.seed))
  fail(`--seed: expected a whole number, found ${flags.seed}`);
if (flags.path !== undefined && flags.seed === undefined) fail('--path needs --seed');

// test/support/property.ts reads them.
process.env['FUZZ_RUNS'] = String(flags.runs);
if (flags.seed !== undefined) process.env['FUZZ_SEED'] = flags.seed;
if (flags.path !== undefined) process.env['FUZZ_PATH'] = flags.path;

const startedMs = performance.now();
const passed = [];
const failed = [];
const vitest = await startVitest('test', propertyFiles(), {
  root,
  watch: false,
  tagsFilter: ['property'],
  ...(flags.only === undefined ? {} : { testNamePattern: literal(flags.only) }),
  reporters: [{ onTestCaseResult: report }],
});
const unhandled = vitest?.state.getUnhandledErrors() ?? [];
await vitest?.close();
for (const error of unhandled) say(`an error outside of any property: ${error?.message ?? error}`);

const count = passed.length + failed.length;
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
say(`${count} properties, ${flags.runs} runs each, ${seconds} s: ${failed.length} with a finding`);
if (count === 0) fail('no property has such a name');
for (const { name, why } of failed) say(`\n${name}\n${why}`);
process.exitCode = failed.length === 0 && unhandled.length === 0 ? 0 : 1;

/** A file whose properties are all of another name has nothing to tell. */
function report(test) {
  const { state, errors = [] } = test.result();
  if (state === 'skipped' || state === 'pending') return;
  const name = `${test.module.relativeModuleId}: ${test.fullName}`;
  const ms = Math.round(test.diagnostic()?.duration ?? 0);
  say(`${state === 'passed' ? 'ok     ' : 'FINDING'}  ${String(ms).padStart(7)} ms  ${name}`);
  if (state === 'passed') passed.push(name);
  else failed.push({ name, why: errors.map(({ message }) => message).join('\n') });
}

/** The test files that have properties. */
function propertyFiles() {
  const folder = join(root, 'test', 'unit');
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(folder, file))
    .filter((file) => readFileSync(file, 'utf8').includes("support/property.js'"));
}

function literal(text) {
  return new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function fail(why) {
  process.stderr.write(`fuzz: ${why}\n`);
  process.exit(2);
}
