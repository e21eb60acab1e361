import { describe, expect, it, onTestFinished } from 'vitest';
import * as library from '../../src/lib/index.js';
import * as postgres from '../../src/lib/postgres/index.js';
import { UsageError } from '../../src/lib/errors.js';
import { systemClock } from '../../src/lib/flow/clock.js';
import { testBed, type TestBed } from '../support/pipeline.js';
import { pipelineOf } from '../support/pipeline-of.js';

// Whoever writes JavaScript can give anything. What an argument is not is said before it is worked with, and never by a
// TypeError of whatever line comes to it first.

/** Stands for an argument that is right. */
type Right = (bed: TestBed) => unknown;

/** An argument: what is right, what it can be besides, and whether it is an object whose names are all known. */
interface Argument {
  readonly right: Right;
  /** It may be left out. */
  readonly optional?: true;
  /** Options: one that nobody knows is refused, and each that is known by its type. */
  readonly options?: true;
  /** What is no garbage here. */
  readonly takes?: readonly Kind[];
}

type Kind = 'text' | 'number' | 'function' | 'list' | 'object' | 'true' | 'map' | 'null';

const garbage: Readonly<Record<Kind, unknown>> = {
  text: 'garbage',
  number: -1.5,
  function: () => {},
  list: ['garbage'],
  object: { garbage: 1 },
  true: true,
  map: new Map(),
  null: null,
};

const pipeline: Argument = { right: (bed) => pipelineOf(bed.link, bed.config) };
const config: Argument = { right: (bed) => bed.config };
const text: Argument = { right: () => 'mailer/1', takes: ['text'] };
const plan: Argument = { right: () => ({ items: [], skipped: [] }) };
const client: Argument = { right: () => ({ query: () => Promise.resolve({ rows: [] }) }) };
const note = { note: 'why' };

const options = (right: Record<string, unknown> = {}, more: Partial<Argument> = {}): Argument => ({
  right: () => right,
  options: true,
  ...(Object.keys(right).length === 0 ? { optional: true } : {}),
  ...more,
});
const selection = options({ filters: {} });
const either = (...takes: readonly Kind[]): Argument => ({ right: () => undefined, optional: true, takes });

const environment = library.readEnvironment({}, '/');
const modules = { library: () => Promise.resolve({}), cacheHome: '/nowhere' };
const folder = { cwd: '/nowhere', clock: systemClock, pid: 1 };
const log = library.silentLogger();

/** Each exported function, and its arguments. What is exported and not here fails. */
const functions: Readonly<Record<string, readonly Argument[]>> = {
  loadConfig: [options({ cwd: '/nowhere', ...modules })],
  readEnvironment: [either('object', 'function', 'map'), either('text')],
  handlerFiles: [{ ...config, takes: ['list'] }],
  resolveTarget: [options({ flags: {}, environment, name: 'x', timeoutMs: 1 })],
  connect: [{ right: (bed) => bed.link.target }, options()],
  openPipeline: [options()],
  makePipeline: [{ right: (bed) => ({ config: bed.config, link: bed.link }), options: true }],
  applyPlan: [pipeline, { right: () => ({ changes: [] }) }, options()],
  checkTopology: [pipeline, options()],
  planTopology: [pipeline, options()],
  ensureTopology: [pipeline, options({ apply: false })],
  compareApplied: [pipeline],
  storeApplied: [pipeline, options()],
  permissionsOf: [config, { right: () => 'viewer' }, options()],
  loadHandlers: [{ right: () => [] }, options(modules)],
  makeLogger: [options({ level: 'silent', fd: 2, readable: false, color: false })],
  silentLogger: [],
  logWaterfall: [{ right: () => log }, either('function')],
  runPipeline: [pipeline, options({ handlers: new Map(), log })],
  readHealth: [pipeline],
  readMetrics: [pipeline, options()],
  readStatus: [pipeline],
  StatusReader: [pipeline],
  readPause: [pipeline, text],
  pauseConsumer: [pipeline, text, { right: () => 1, takes: ['number'] }, options()],
  resumeConsumer: [pipeline, text, options()],
  Publisher: [pipeline, options()],
  asyncApiOf: [{ right: () => ({ events: [] }) }, options()],
  catalogOf: [config],
  lintConfig: [config],
  hearEvents: [pipeline, options()],
  readEvents: [pipeline, options()],
  readEventPages: [pipeline, options()],
  tailEvents: [pipeline, options()],
  subscribeEvents: [pipeline, options({ handler: () => {} })],
  planEventReplay: [pipeline, options({ all: true, handler: () => {} })],
  replayEvents: [pipeline, options({ all: true, handler: () => {} })],
  loadEvents: [pipeline, options()],
  planLoad: [pipeline, options()],
  tailAdvisories: [pipeline, options()],
  groupDeadLetters: [pipeline, options({}, {}), { right: () => 'reason' }, either()],
  listGroups: [pipeline, options(), options()],
  decideGroup: [pipeline, text, options({ do: 'ack' }), options()],
  listDeadLetters: [pipeline, options(), either()],
  readDeadLetters: [pipeline, options(), options()],
  exportDeadLetters: [pipeline, options(), options()],
  watchDeadLetters: [pipeline, options(), options()],
  showDeadLetter: [pipeline, text, either()],
  planArchive: [pipeline, selection],
  planRestore: [pipeline, selection],
  planDiscard: [pipeline, selection],
  planReplay: [pipeline, selection, options()],
  archiveDeadLetters: [pipeline, plan, options(note)],
  restoreDeadLetters: [pipeline, plan, options()],
  discardDeadLetters: [pipeline, plan, options(note)],
  replayDeadLetters: [pipeline, plan, options()],
  runReplay: [pipeline, plan, options()],
  replayAsTask: [pipeline, plan, options()],
  storeReplay: [pipeline, plan, options()],
  openReplay: [pipeline, text],
  runTask: [pipeline, { right: () => ({ task: {} }) }, options()],
  cancelTask: [pipeline, text],
  findTask: [pipeline, text],
  listTasks: [pipeline, options()],
  showTask: [pipeline, { right: () => ({ task: {} }) }],
  watchTask: [pipeline, text, { right: () => new AbortController().signal }],
  parseSelection: [text],
  printSelection: [{ right: () => ({ terms: [] }) }],
  readOperations: [pipeline, options()],
  reportDeadLetters: [pipeline, options({ task: 'x' })],
  diagnosePipeline: [options()],
  explainEvent: [pipeline, text, options()],
  repairVerified: [pipeline, { right: () => ({ findings: [], report: {} }) }],
  verifyPipeline: [pipeline, options()],
  startFolderServer: [options({ ...folder, binary: '/nowhere' })],
  stopFolderServer: [options(folder)],
  provideServer: [options({ environment })],
  renderSuggestion: [{ right: () => ({ do: 'run', command: 'dlq list' }), takes: ['text'] }, either()],
};

const ofPostgres: Readonly<Record<string, readonly Argument[]>> = {
  makeOutbox: [pipeline, options()],
  openOutbox: [options()],
  forgetOnce: [client, options({ olderThan: '30d' })],
  installOnce: [client, options()],
  once: [
    client,
    { right: () => ({ consumer: 'x', id: 'y' }) },
    { right: () => () => {}, takes: ['function'] },
    options(),
  ],
  onceSql: [options()],
  transaction: [{ right: () => ({ connect: () => client }) }, { right: () => () => {}, takes: ['function'] }],
  relayOutbox: [pipeline, options({ database: 'postgres://127.0.0.1:1/x' })],
};

/** Methods of what `openPipeline` gives. */
const methods: Readonly<Record<string, readonly Argument[]>> = {
  publish: [{ right: () => 'totp.requested' }, either(...(Object.keys(garbage) as Kind[])), options()],
  publishMany: [{ right: () => [], takes: ['map'] }, options()],
  replayEvents: [options({ all: true, handler: () => {} })],
  loadEvents: [options()],
  run: [options()],
  events: [options()],
  subscribe: [options({ handler: () => {} })],
  hear: [options()],
  advisories: [options()],
  operations: [options()],
  catalog: [],
  explain: [text, options()],
  verify: [options()],
  status: [],
  health: [],
  metrics: [options()],
  close: [],
};

const ofDeadLetters: Readonly<Record<string, readonly Argument[]>> = {
  list: [options(), either()],
  read: [options(), options()],
  export: [options(), options()],
  watch: [options(), options()],
  groups: [options(), either(), either()],
  show: [text],
  plan: [selection, options()],
  replay: [selection, options()],
  carryOn: [text, options()],
  planDiscard: [selection],
  discard: [selection, options(note)],
  planArchive: [selection],
  archive: [selection, options(note)],
  planRestore: [selection],
  restore: [selection, options()],
  report: [options({ task: 'x' })],
};

/** Gives its argument back, or is thrown. */
const others = ['defineConfig', 'Reject', 'Snooze'];

type Callable = (...args: readonly unknown[]) => unknown;

/** What calling it throws, at once or later; undefined: nothing. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    const result = await call();
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
      const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return?.();
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What is wrong of each argument, in words, with all arguments. */
function* wrongs(args: readonly Argument[], bed: TestBed): Generator<readonly [string, readonly unknown[]]> {
  const right = args.map((one) => one.right(bed));
  const withOne = (at: number, value: unknown): unknown[] => right.with(at, value);
  for (const [at, { optional: isOptional, takes = [], options: isOptions }] of args.entries()) {
    if (isOptional !== true) yield [`argument ${at}: nothing`, withOne(at, undefined)];
    for (const [kind, value] of Object.entries(garbage)) {
      // An object without names of its own has no options.
      if (takes.includes(kind as Kind) || (isOptions === true && kind === 'map')) continue;
      yield [`argument ${at}: ${kind}`, withOne(at, value)];
    }
  }
}

async function refuse(what: string, call: () => unknown): Promise<UsageError | undefined> {
  const error = await thrownBy(call);
  if (error instanceof UsageError && error.message !== '') return error;
  const found = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  failures.push(`${what}: ${found}`);
  return undefined;
}

let failures: string[] = [];

/** By its message, the names of all options. */
function namesIn({ message }: UsageError): string[] {
  const [, list = ''] = /: expected (.*), found "garbage"$/s.exec(message) ?? [];
  return list.split(', ').filter((name) => /^\w+$/.test(name));
}

async function checkAll(
  name: string,
  call: Callable,
  args: readonly Argument[],
  bed: TestBed,
): Promise<void> {
  for (const [what, given] of wrongs(args, bed)) await refuse(`${name}, ${what}`, () => call(...given));
  const right = args.map((one) => one.right(bed));
  for (const [at, argument] of args.entries()) {
    if (argument.options !== true) continue;
    const unknown = { ...(right[at] as object), garbage: 1 };
    const error = await refuse(`${name}, an unknown option`, () => call(...right.with(at, unknown)));
    const names = error === undefined ? [] : namesIn(error);
    if (error !== undefined && names.length === 0) failures.push(`${name}: ${error.message} names no option`);
    for (const option of names) {
      // No option is a symbol.
      const odd = { ...(right[at] as object), [option]: Symbol('garbage') };
      await refuse(`${name}, ${option}`, () => call(...right.with(at, odd)));
    }
  }
}

function callableOf(found: unknown): Callable {
  const one = found as Callable & (new (...args: readonly unknown[]) => unknown);
  const isClass = /^class\b/.test(Function.prototype.toString.call(one));
  return isClass ? (...args) => new one(...args) : one;
}

function exportedBy(module: object): string[] {
  return Object.entries(module)
    .filter(([name, value]) => typeof value === 'function' && !name.endsWith('Error'))
    .map(([name]) => name)
    .filter((name) => !others.includes(name));
}

function methodsOf(object: object): string[] {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(object) as object);
  return own.filter((name) => !['constructor', 'start'].includes(name));
}

async function expectRefused(
  of: object,
  names: readonly string[],
  table: Readonly<Record<string, readonly Argument[]>>,
  bed: TestBed,
): Promise<void> {
  // One that is new has its place here.
  expect(Object.keys(table).toSorted()).toEqual(names.toSorted());
  failures = [];
  for (const [name, args] of Object.entries(table)) {
    const found = (of as Readonly<Record<string, unknown>>)[name];
    const call = callableOf(found);
    await checkAll(name, (...given) => call.apply(of, given as never), args, bed);
  }
  expect(failures).toEqual([]);
}

describe('garbage is a usage error', () => {
  it('of each exported function', async () => {
    await expectRefused(library, exportedBy(library), functions, await testBed());
  });

  it('of each exported function of plutomi-events/postgres', async () => {
    await expectRefused(postgres, exportedBy(postgres), ofPostgres, await testBed());
  });

  it('of each method of an open pipeline', async () => {
    const bed = await testBed();
    const opened = await library.openPipeline({
      server: bed.server.url,
      config: { name: bed.config.name, events: { 'totp.requested': {} }, consumers: {} },
    });
    onTestFinished(() => opened.close());
    await expectRefused(opened, methodsOf(opened), methods, bed);
    await expectRefused(opened.deadLetters, methodsOf(opened.deadLetters), ofDeadLetters, bed);
  });
});

it('what was probably meant is said', async () => {
  const error = await library
    .openPipeline({ servers: 'nats://127.0.0.1:1' } as never)
    .catch((e: unknown) => e);
  expect(error).toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/^options: expected server, context, .*, found "servers"$/),
    suggestions: ['did you mean server?'],
  });
});
