// What the handlers have written.
import { existsSync, readFileSync } from 'node:fs';

/** For each event id how many analytics rows there are. */
export function analyticsRows() {
  const found = new Map();
  for (const { event_id: id } of linesOf(process.env.ANALYTICS_FILE)) found.set(id, (found.get(id) ?? 0) + 1);
  return found;
}

/** The documents of the search index by `<index>/<id>`, as MeiliSearch would have merged them. */
export function searchDocuments() {
  const found = new Map();
  for (const { index, document } of linesOf(process.env.SEARCH_FILE)) {
    const key = `${index}/${document.id}`;
    found.set(key, { ...found.get(key), ...document });
  }
  return found;
}

/** Whole lines only: the last one may be in the middle of being written. */
function linesOf(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
