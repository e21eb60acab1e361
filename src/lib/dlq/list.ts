import type { PipelineConfig } from '../config/resolved.js';
import type { Link } from '../nats/link.js';
import { concurrently } from './concurrently.js';
import type { DlqEntry } from './entry.js';
import { type DeadLetterItem, itemOf } from './item.js';
import { type DeadLetterFilters, selectEntries } from './select.js';
import { Expiry } from './state.js';

export const defaultListLimit = 100;

/** Originals that are looked up at once. */
const lookupsAtOnce = 64;

export interface DeadLetterList {
  /** How many match, also beyond the limit. */
  readonly total: number;
  /** In the order in which they died, oldest first. */
  readonly items: readonly DeadLetterItem[];
}

/**
 * The dead letters that match, at most `limit` of them (default 100), with what became of their originals.
 * Memory is bounded by the limit.
 */
export async function listDeadLetters(
  link: Link,
  config: PipelineConfig,
  filters: DeadLetterFilters = {},
  limit = defaultListLimit,
): Promise<DeadLetterList> {
  const page: DlqEntry[] = [];
  let total = 0;
  for await (const entry of selectEntries(link, config, filters)) {
    total++;
    if (page.length < limit) page.push(entry);
  }
  const expiry = new Expiry(link);
  const items = await concurrently(
    page,
    lookupsAtOnce,
    async (entry) => (await itemOf(link, config, entry, expiry)).item,
  );
  return { total, items: items.filter((item) => item !== undefined) };
}
