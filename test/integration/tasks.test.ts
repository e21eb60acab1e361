import { describe, expect, it, test } from 'vitest';
import type { Handler } from '../../src/lib/handlers/contract.js';
import { planReplay } from '../../src/lib/dlq/replay/plan-replay.js';
import { runTask } from '../../src/lib/dlq/replay/run-task.js';
import { storeReplay } from '../../src/lib/dlq/replay/replay-task.js';
import { listDeadLetters } from '../../src/lib/dlq/list.js';
import { cancelTask } from '../../src/lib/tasks/cancel-task.js';
import { findTask } from '../../src/lib/tasks/find-task.js';
import { listTasks } from '../../src/lib/tasks/task-outcomes.js';
import { verifyPipeline } from '../../src/lib/verify/verify.js';
import { bury, consumer, Killed, killedAfter, seen } from '../support/dead-letters.js';
import { latch } from '../support/latch.js';
import { buryMany } from '../support/many-dead-letters.js';
import { connectTo, type TestBed, testBed } from '../support/pipeline.js';
import { carryOn, machine, shown, storeAll } from '../support/tasks.js';
import { replay } from '../support/replay.js';

const waitMs = 15_000;

async function bedWith(count: number): Promise<TestBed> {
  const bed = await testBed({ consumers: [{ name: consumer, start: { at: 'new' } }] });
  await buryMany(bed, count);
  return bed;
}

async function runs(bed: TestBed, fails: (seq: number) => boolean = () => false): Promise<number[]> {
  const seen: number[] = [];
  const handler: Handler = async (event, { stage, attempt }) => {
    if (stage !== 'retry') return;
    if (attempt === 1) seen.push(event.seq);
    if (fails(event.seq)) throw new Error('still down');
  };
  await bed.run({ [consumer]: handler });
  return seen;
}

const seqs = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('a replay that is a task', () => {
  it('is stored before anything is replayed, carried out, and tells the truth about each', async () => {
    const bed = await bedWith(5);
    const stored = await storeAll(bed, { name: 'INC-4711', note: 'SMTP is back', rate: 500 });
    expect(await bed.journal()).toEqual([]);
    expect(stored.task).toMatchObject({
      name: 'INC-4711',
      state: 'planned',
      operator: 'ada@test',
      selected: 5,
      rate: 500,
      plan: { consumers: [{ name: consumer, count: 5 }], groups: 1, missing: 0 },
    });
    await runs(bed, (seq) => seq === 3);
    const result = await carryOn(machine(bed, 'bob'), 'INC-4711', { waitMs });
    expect(result).toMatchObject({
      task: stored.task.id,
      name: 'INC-4711',
      state: 'done',
      selected: 5,
      replayed: 5,
      resolved: 4,
      deadAgain: 1,
      pending: 0,
      skipped: [],
      stopped: null,
      steps: [{ size: 5, resolved: 4, deadAgain: 1, pending: 0 }],
    });
    const details = await shown(bed, stored.task.id);
    expect(details).toMatchObject({
      state: 'done',
      done: 5,
      resolved: 4,
      deadAgain: 1,
      pending: 0,
      skipped: 0,
    });
    expect(details.items.map(({ id, outcome }) => [id, outcome])).toEqual(
      seqs(5).map((seq) => [`${consumer}/${seq}`, seq === 3 ? 'deadAgain' : 'resolved']),
    );
    const records = await bed.journal('REPLAYED');
    expect(records.map(({ record }) => [record.task, record.operator, record.note])).toEqual(
      seqs(5).map(() => [stored.task.id, 'bob@test', 'SMTP is back']),
    );
    // It can be asked again, and replays nothing.
    expect(await carryOn(machine(bed), 'INC-4711')).toMatchObject({
      state: 'done',
      replayed: 5,
      resolved: 4,
    });
    expect(await bed.journal('REPLAYED')).toHaveLength(5);
  });

  it('tells the same of its steps as of the whole, also of what came after it', async () => {
    const bed = await bedWith(5);
    const { task } = await storeAll(bed);
    const { steps } = await carryOn(machine(bed), task.id);
    expect(steps).toEqual([{ size: 5, resolved: 0, deadAgain: 0, pending: 5 }]);
    await runs(bed, (seq) => seq === 3);
    await bed.quiet();
    const outcomes = { resolved: 4, deadAgain: 1, pending: 0 };
    const told = { ...outcomes, steps: [{ size: 5, ...outcomes }] };
    expect(await shown(bed, task.id)).toMatchObject(told);
    expect((await listTasks(machine(bed))).tasks).toMatchObject([told]);
  });

  it('is about the very dead letters of its plan', async () => {
    const bed = await bedWith(2);
    const { task } = await storeAll(bed);
    await bury(bed);
    await bed.link.deleteMessage('events-dlq', 1);
    const result = await carryOn(machine(bed), task.id);
    expect(result).toMatchObject({ selected: 2, replayed: 1, state: 'done' });
    expect(result.skipped).toEqual([
      { id: `${consumer}/1`, reason: expect.stringContaining('left the DLQ') },
    ]);
    expect((await shown(bed, task.id)).items).toEqual([
      { id: `${consumer}/1`, outcome: 'skipped', reason: expect.stringContaining('left the DLQ') },
      { id: `${consumer}/2`, outcome: 'pending', reason: null },
    ]);
  });

  it('names who replayed what another one was to replay', async () => {
    const bed = await bedWith(1);
    const { task } = await storeAll(bed);
    await replay(bed);
    const result = await carryOn(machine(bed), task.id);
    expect(result.skipped).toEqual([{ id: `${consumer}/1`, reason: 'it was replayed by replay-test' }]);
  });

  it('is told apart from another one of the same dead letters at the same time', async () => {
    const count = 60;
    const bed = await bedWith(count);
    const [first, second] = [
      (await storeAll(bed, { rate: 40 })).task,
      (await storeAll(bed, { rate: 40 })).task,
    ];
    const handled = await runs(bed);
    const link = await connectTo(bed.server.url);
    const results = await Promise.all([
      carryOn(machine(bed, 'ada'), first.id, { waitMs }),
      carryOn(machine(bed, 'bob', link), second.id, { waitMs }),
    ]);
    const records = await bed.journal('REPLAYED');
    expect(records).toHaveLength(count);
    for (const [i, { id }] of [first, second].entries()) {
      const own = records.filter(({ record }) => record.task === id).length;
      const other = [second, first][i]?.id ?? '';
      expect(results[i]).toMatchObject({ state: 'done', replayed: own, resolved: own, pending: 0 });
      expect(results[i]?.skipped).toHaveLength(count - own);
      expect(results[i]?.skipped.every(({ reason }) => reason === `it was replayed by ${other}`)).toBe(true);
      expect(await shown(bed, id)).toMatchObject({ done: own, resolved: own, skipped: count - own });
      expect(await carryOn(machine(bed), id)).toMatchObject({ replayed: own, resolved: own });
    }
    await bed.quiet();
    expect(handled.toSorted((a, b) => a - b)).toEqual(seqs(count));
    expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(0);
  });

  it('is finished by whoever comes to what another one has begun and left: both have replayed it', async () => {
    const bed = await bedWith(1);
    const [first, second] = [(await storeAll(bed)).task, (await storeAll(bed)).task];
    // The head that says it runs, the pointer, REPLAYED; not the deletion.
    const link = killedAfter(await connectTo(bed.server.url), 3);
    await expect(carryOn(machine(bed, 'killed', link), first.id)).rejects.toThrow(Killed);
    expect(await bed.journal('REPLAYED')).toHaveLength(1);
    const told = { replayed: 1, resolved: 1, skipped: [] };
    const handled = await runs(bed);
    expect(await carryOn(machine(bed, 'bob'), second.id, { waitMs })).toMatchObject(told);
    expect((await bed.link.streamInfo('events-dlq'))?.state.messages).toBe(0);
    for (const { id } of [first, second]) {
      expect(await carryOn(machine(bed), id, { waitMs })).toMatchObject(told);
      expect((await shown(bed, id)).items).toMatchObject([{ outcome: 'resolved', reason: null }]);
    }
    expect(handled).toEqual([1]);
    expect(await bed.journal('REPLAYED')).toHaveLength(1);
  });

  it('is found by id, by how that begins, and by name; a name is given once among unfinished ones', async () => {
    const bed = await bedWith(1);
    const pipeline = machine(bed);
    const first = (await storeAll(bed, { name: 'INC-1' })).task;
    const second = (await storeAll(bed, { name: 'INC-1' })).task;
    expect([first.name, second.name]).toEqual(['INC-1', `INC-1-${second.id}`]);
    for (const word of [first.id, first.id.slice(0, -2), 'INC-1']) {
      expect((await findTask(pipeline, word)).task.id).toBe(first.id);
    }
    await expect(findTask(pipeline, 'replay')).rejects.toMatchObject({ code: 'AMBIGUOUS_TASK' });
    await expect(findTask(pipeline, 'INC-2')).rejects.toMatchObject({ code: 'NO_TASK' });
    await expect(findTask(pipeline, 'a b.>*')).rejects.toMatchObject({ code: 'NO_TASK' });
    await cancelTask(pipeline, first.id);
    const third = (await storeAll(bed, { name: 'INC-1' })).task;
    expect(third.name).toBe('INC-1');
    expect((await findTask(pipeline, 'INC-1')).task.id).toBe(third.id);
    await expect(storeAll(bed, { name: ' x' })).rejects.toMatchObject({ code: 'USAGE' });
    const { total, tasks } = await listTasks(pipeline, { limit: 2 });
    expect([total, tasks.map(({ id }) => id)]).toEqual([3, [third.id, second.id]]);
  });

  it('fits where the server takes small messages only', async () => {
    const bed = await testBed({}, { config: 'max_payload: 4096' });
    await buryMany(bed, 300);
    const { task } = await storeAll(bed, { stopOn: ['new-group'] });
    expect(task.parts).toBeGreaterThan(2);
    const result = await carryOn(machine(bed), task.id, { waitMs: 300 });
    expect(result).toMatchObject({ state: 'done', replayed: 300, pending: 300 });
    expect(await shown(bed, task.id)).toMatchObject({ done: 300, pending: 300 });
  });

  it('says what is wrong where parts of it are gone, or it is something else', async () => {
    const bed = await bedWith(1);
    const { task } = await storeAll(bed);
    const part = await bed.link.readLast('events-operations', `events-operations.task.${task.id}.letters.0`);
    await bed.link.deleteMessage('events-operations', part?.seq ?? 0);
    await expect(carryOn(machine(bed), task.id)).rejects.toMatchObject({ code: 'TASK_INCOMPLETE' });
    expect(await shown(bed, task.id)).toMatchObject({ selected: 1, done: 0, items: [] });
    await bed.link.publish('events-operations.task.replay-x', '{"v":2}');
    const told: string[] = [];
    await listTasks(machine(bed), { onMalformed: (subject, why) => told.push(`${subject}: ${why}`) });
    expect(told).toEqual(['events-operations.task.replay-x: v: expected 1']);
  });
});

describe('the term task:', () => {
  const found = async (bed: TestBed, selection: string): Promise<number[]> =>
    (await listDeadLetters(machine(bed), { selection })).items
      .map(({ seq }) => seq)
      .toSorted((a, b) => a - b);

  it('finds what its plan found and is in the DLQ now, dead again too', async () => {
    const bed = await bedWith(3);
    const { task } = await storeAll(bed, { name: 'INC 4711' });
    const later = await bury(bed);
    expect(await found(bed, `task:${task.id}`)).toEqual([1, 2, 3]);
    expect(await found(bed, `-task:${task.id}`)).toEqual([later.pointer.origin.seq]);
    await runs(bed, (seq) => seq === 2);
    await carryOn(machine(bed), task.id, { waitMs });
    expect(await found(bed, 'task:"INC 4711"')).toEqual([2]);
    expect(await found(bed, 'task:"INC 4711" cycle:0')).toEqual([]);
    expect(await replay(bed, { filters: { selection: `task:${task.id}` } })).toMatchObject({ selected: 1 });
  });

  it('is refused where there is no such task, or it is no single one', async () => {
    const bed = await bedWith(1);
    await storeAll(bed, { name: 'INC-4711' });
    await expect(found(bed, 'task:INC-4712')).rejects.toMatchObject({
      exitCode: 2,
      message: 'task:INC-4712: no task has the id or name INC-4712',
      suggestions: [expect.objectContaining({ args: ['INC-4711'], why: 'did you mean' }), expect.anything()],
    });
    await expect(found(bed, 'task:INC*')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('the id or name of a task, without *'),
    });
  });
});

describe('pipeline verify', () => {
  const taskProblems = async (bed: TestBed) => {
    const { problems } = (await verifyPipeline(machine(bed))).report;
    return problems.filter(({ kind }) => kind === 'task-incomplete');
  };
  const removeParts = async (bed: TestBed, id: string, part: string): Promise<void> => {
    const found = await bed.link.readLast('events-operations', `events-operations.task.${id}.${part}`);
    await bed.link.deleteMessage('events-operations', found?.seq ?? 0);
  };

  it('names a task whose letters vanished, until it is cancelled', async () => {
    const bed = await bedWith(2);
    const { task } = await storeAll(bed, { name: 'INC-4711' });
    expect(await taskProblems(bed)).toEqual([]);
    await removeParts(bed, task.id, 'letters.0');
    expect(await taskProblems(bed)).toEqual([
      {
        kind: 'task-incomplete',
        stream: 'events-operations',
        detail: `task INC-4711 (${task.id}): part 1 of 1 of its letters is not there any more; it is planned, and can't be carried on`,
        suggestions: [expect.objectContaining({ command: 'tasks cancel', args: [task.id] })],
        repairable: false,
      },
    ]);
    await cancelTask(machine(bed), task.id);
    expect(await taskProblems(bed)).toEqual([]);
  });

  it('names one that has fewer than it says, whose part is unreadable, or whose causes are gone', async () => {
    const bed = await bedWith(2);
    const stored = [];
    for (let i = 0; i < 3; i++) stored.push((await storeAll(bed, { stopOn: ['new-group'] })).task.id);
    const [fewer = '', broken = '', causes = ''] = stored;
    const subject = (id: string): string => `events-operations.task.${id}.letters.0`;
    await bed.link.publish(subject(fewer), JSON.stringify({ v: 1, letters: [['c/1', 1, 0]], skipped: [] }));
    await bed.link.publish(subject(broken), '{}');
    await removeParts(bed, causes, 'kinds.0');
    expect((await taskProblems(bed)).map(({ detail }) => detail)).toEqual([
      expect.stringContaining('it is about 2 dead letters, and 1 are left in its parts; it is planned'),
      expect.stringContaining('letters, skipped: expected lists'),
      expect.stringContaining('part 1 of 1 of its kinds is not there any more'),
    ]);
  });

  it('is silent about one that is done, with or without its parts, and counts what is no task', async () => {
    const bed = await bedWith(1);
    const { task } = await storeAll(bed);
    await runs(bed);
    await carryOn(machine(bed), task.id, { waitMs });
    await removeParts(bed, task.id, 'letters.0');
    await bed.link.publish('events-operations.task.replay-x', '{"v":2}');
    expect(await taskProblems(bed)).toEqual([]);
    const { warnings } = (await verifyPipeline(machine(bed))).report;
    expect(warnings.filter(({ kind }) => kind === 'malformed')).toEqual([
      expect.objectContaining({ detail: expect.stringMatching(/^1 messages /) }),
    ]);
  });
});

describe('a task that is killed and carried on by another process', () => {
  const count = 40;
  /** Of the head that says it runs, of each letter's three, of progress and of the last word. */
  const writes = [0, 1, 2, 3, 7, 20, 41, 77, 100, 121, 122];

  test.each(writes)('after %i writes replays each once, and misses none', async (kill) => {
    const bed = await bedWith(count);
    const { task } = await storeAll(bed);
    const link = killedAfter(await connectTo(bed.server.url), kill);
    await expect(carryOn(machine(bed, 'killed', link), task.id)).rejects.toThrow(Killed);
    const handled = await runs(bed);
    const result = await carryOn(machine(bed, 'bob'), task.id, { waitMs });
    expect(result).toMatchObject({
      state: 'done',
      selected: count,
      replayed: count,
      resolved: count,
      skipped: [],
    });
    await bed.quiet();
    expect(handled.toSorted((a, b) => a - b)).toEqual(seqs(count));
    expect(await bed.journal('REPLAYED')).toHaveLength(count);
    expect(await shown(bed, task.id)).toMatchObject({ done: count, resolved: count, pending: 0, skipped: 0 });
  });
});

describe('two machines that carry out one task', () => {
  /** All calls of the handler with what was replayed, whatever attempt they were. */
  async function calls(bed: TestBed): Promise<number[]> {
    const called: number[] = [];
    const handler: Handler = async (event, { stage }) => void (stage === 'retry' && called.push(event.seq));
    await bed.run({ [consumer]: handler });
    return called;
  }

  /** What is doubled would be an event, its success, or its replay. */
  async function expectOnce(bed: TestBed, called: number[], count: number): Promise<void> {
    await bed.quiet();
    expect(called.toSorted((a, b) => a - b)).toEqual(seqs(count));
    for (const kind of ['REPLAYED', 'RESOLVED'] as const) {
      expect(await bed.journal(kind)).toHaveLength(count);
    }
    for (const stream of ['events-retry', 'events-dlq']) {
      expect((await bed.link.streamInfo(stream))?.state.messages).toBe(0);
    }
  }

  it('at the same time double nothing', async () => {
    const count = 600;
    const bed = await bedWith(count);
    const { task } = await storeAll(bed, { rate: 1000 });
    const called = await calls(bed);
    const [ada, bob] = await Promise.all([
      carryOn(machine(bed, 'ada'), task.id, { waitMs }),
      connectTo(bed.server.url).then((link) => carryOn(machine(bed, 'bob', link), task.id, { waitMs })),
    ]);
    for (const result of [ada, bob]) {
      expect(result).toMatchObject({ state: 'done', replayed: count, resolved: count, skipped: [] });
    }
    await expectOnce(bed, called, count);
  });

  it('double nothing where one writes what the other has replayed, and the handler processed, meanwhile', async () => {
    const count = 60;
    const bed = await bedWith(count);
    const { task } = await storeAll(bed);
    const called = await calls(bed);
    // Bob has decided about all of them when Ada begins, and writes when all is done.
    const [decided, released] = [latch(), latch()];
    let writes = 0;
    const link = seen(await connectTo(bed.server.url), 'publish', async () => {
      // The first says that the task runs, the others are pointers.
      if (++writes === 1 + count) decided.open();
      if (writes > 1) await released.opened;
    });
    const late = carryOn(machine(bed, 'bob', link), task.id, { waitMs });
    await decided.opened;
    const ada = await carryOn(machine(bed, 'ada'), task.id, { waitMs });
    await bed.quiet();
    released.open();
    for (const result of [ada, await late]) {
      expect(result).toMatchObject({ state: 'done', replayed: count, resolved: count, skipped: [] });
    }
    // It did happen: each pointer was written twice.
    expect((await bed.link.streamInfo('events-retry'))?.state.last_seq).toBe(2 * count);
    await expectOnce(bed, called, count);
  });
});

describe('a task that is cancelled', () => {
  it('from elsewhere starts nothing more, and says what was done', async () => {
    const count = 300;
    const bed = await bedWith(count);
    const { task } = await storeAll(bed, { rate: 50 });
    const result = await runTask(machine(bed), await storedOf(bed, task.id), {
      onReplayed: () => void (cancelled ??= cancelTask(machine(bed, 'bob'), task.id)),
    });
    expect(result).toMatchObject({ state: 'cancelled', skipped: [] });
    expect(result.replayed).toBeLessThan(count);
    expect(await shown(bed, task.id)).toMatchObject({ state: 'cancelled', done: result.replayed });
    await expect(carryOn(machine(bed), task.id)).rejects.toMatchObject({ code: 'TASK_ENDED' });
    const left = (await bed.link.streamInfo('events-dlq'))?.state.messages;
    expect(left).toBe(count - result.replayed);
  });
  let cancelled: Promise<unknown> | undefined;

  it('before it was begun is not begun; one that is done is not cancelled', async () => {
    const bed = await bedWith(1);
    const { task } = await storeAll(bed);
    expect(await cancelTask(machine(bed), task.id)).toMatchObject({ state: 'cancelled' });
    expect(await cancelTask(machine(bed), task.id)).toMatchObject({ state: 'cancelled' });
    await expect(carryOn(machine(bed), task.id)).rejects.toMatchObject({ code: 'TASK_ENDED' });
    const done = (await storeAll(bed)).task;
    await carryOn(machine(bed), done.id);
    await expect(cancelTask(machine(bed), done.id)).rejects.toMatchObject({ code: 'TASK_ENDED' });
  });
});

describe('a task that is interrupted', () => {
  it('in an orderly way says so, and is carried on at its rate', async () => {
    const bed = await bedWith(200);
    const { task } = await storeAll(bed, { rate: 100 });
    const stop = new AbortController();
    let replayed = 0;
    const onReplayed = (): void => void (++replayed === 5 && stop.abort());
    const first = await carryOn(machine(bed), task.id, { signal: stop.signal, onReplayed });
    expect(first).toMatchObject({ state: 'interrupted', interrupted: true, skipped: [] });
    expect(first.replayed).toBeLessThan(200);
    expect(await shown(bed, task.id)).toMatchObject({ state: 'interrupted', done: first.replayed });
    expect(await carryOn(machine(bed, 'bob'), task.id)).toMatchObject({ state: 'done', replayed: 200 });
  });

  it('is told from a running one by the clock of the server', async () => {
    const bed = await bedWith(1);
    const { task } = await storeAll(bed);
    const later = seen(bed.link, 'streamInfo', () => {});
    const shifted = new Proxy(later, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'streamInfo') return value;
        return async (...args: Parameters<typeof bed.link.streamInfo>) => {
          const info = await bed.link.streamInfo(...args);
          const { ts } = info as unknown as { readonly ts: string };
          return info && { ...info, ts: new Date(Date.parse(ts) + 20_000).toISOString() };
        };
      },
    });
    const link = killedAfter(bed.link, 1);
    await expect(carryOn(machine(bed, 'ada', link), task.id)).rejects.toThrow(Killed);
    expect((await findTask(machine(bed), task.id)).task.state).toBe('running');
    expect((await findTask(machine(bed, 'bob', shifted), task.id)).task.state).toBe('interrupted');
  });
});

test('a pipeline from before there were tasks has none', async () => {
  const bed = await bedWith(1);
  await bed.link.jsm.streams.delete('events-operations');
  const pipeline = machine(bed);
  expect(await listTasks(pipeline)).toEqual({ total: 0, tasks: [] });
  await expect(findTask(pipeline, 'replay-x')).rejects.toMatchObject({ code: 'NO_TASK' });
  const plan = await planReplay(pipeline, { filters: {} });
  await expect(storeReplay(pipeline, plan)).rejects.toMatchObject({ code: 'NO_STREAM' });
});

async function storedOf(bed: TestBed, id: string) {
  const { openReplay } = await import('../../src/lib/dlq/replay/replay-task.js');
  return openReplay(machine(bed), id);
}
