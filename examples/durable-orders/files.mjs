// What outlives a run besides the store: when the first one began, and what each consumer has done, a line for each event.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

export const storeFolder = 'jetstream-store';

/** A durable keeps the start that it was made with, so it must be the same in each run. */
export function firstStart() {
  const file = 'first-start.txt';
  if (!existsSync(file)) writeFileSync(file, new Date().toISOString());
  return new Date(readFileSync(file, 'utf8'));
}

export function note(file, line) {
  appendFileSync(`${file}.ndjson`, `${JSON.stringify(line)}\n`);
}

export function notes(file) {
  if (!existsSync(`${file}.ndjson`)) return [];
  const lines = readFileSync(`${file}.ndjson`, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
