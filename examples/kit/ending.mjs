// How an example ends: with nothing left behind that it has started, whatever happens.
import { setTimeout as delay } from 'node:timers/promises';
import { tell, verdict } from './narrator.mjs';
import { place } from './settings.mjs';

const pollMs = 50;
const stopLimitMs = 20_000;

/** Something did not go as the story has it. */
export class ExampleFailure extends Error {}

/** What runs in the background: each has `stop(signal)`, which resolves when it has ended. */
export const running = new Set();
/** What a background command did that it should not; `until` throws it. */
export const faults = [];
/** Who waits for Ctrl-C. */
const waiting = [];
let begun = false;
let ending = false;

/** Before the first step. A handler that imports this kit never comes here. */
export function begin() {
  if (begun) return;
  begun = true;
  process.chdir(place);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupted);
  process.on('uncaughtException', failed);
  process.on('unhandledRejection', failed);
  // Nothing is left to do: the example is at its end.
  process.on('beforeExit', () => {
    if (running.size > 0) void stopAll();
  });
  // The runner is gone: killed, it could not say so.
  process.on('disconnect', () => void endWith(130));
  process.channel?.unref();
}

/** Resolves with what `check` answers once that is true. Throws ExampleFailure when it takes longer than the limit. */
export async function until(what, check, limitMs = 15_000) {
  begin();
  const deadline = performance.now() + limitMs;
  for (;;) {
    const [fault] = faults;
    if (fault) throw fault;
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline)
      throw new ExampleFailure(`waited ${limitMs / 1000} s in vain for ${what}`);
    await delay(pollMs);
  }
}

/** Resolves at Ctrl-C or SIGTERM. */
export function untilStopped() {
  begin();
  return hold(new Promise((resolve) => waiting.push(resolve)));
}

/** Keeps this process alive until the promise is settled. */
export function hold(promise) {
  const timer = setInterval(() => {}, 60_000);
  return promise.finally(() => clearInterval(timer));
}

/** Ends all that runs in the background. */
export async function stopAll() {
  await hold(Promise.all([...running].map(stopOne)));
}

async function stopOne(command) {
  const force = setTimeout(() => command.stop('SIGKILL'), stopLimitMs);
  await command.stop();
  clearTimeout(force);
}

function interrupted() {
  if (waiting.length > 0) for (const resolve of waiting.splice(0)) resolve();
  else if (ending) process.exit(130);
  else {
    verdict(false, 'Interrupted: stopping everything that the example has started.');
    void endWith(130);
  }
}

function failed(error) {
  if (ending) return;
  verdict(
    false,
    `The example failed: ${error instanceof ExampleFailure ? error.message : (error?.stack ?? error)}`,
  );
  void endWith(1);
}

async function endWith(code) {
  if (ending) return;
  ending = true;
  await stopAll().catch((error) => tell(`could not stop all of it: ${error.message}`));
  process.exit(code);
}
