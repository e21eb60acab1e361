import type { PipelineConfig } from '../config/resolved.js';
import type { Link } from '../nats/link.js';
import type { Topology } from './desired.js';
import type { Actual, Change } from './diff.js';

export interface Consequence {
  readonly what: string;
  readonly count: number;
}

export interface Circumstances {
  readonly desired: Topology;
  readonly actual: Actual;
  readonly config: PipelineConfig;
}

export async function consequencesOf(
  _link: Link,
  _change: Change,
  _given: Circumstances,
): Promise<Consequence[]> {
  return [];
}

export function isRisky(change: Change, consequences: readonly Consequence[]): boolean {
  return change.action === 'replace' || consequences.length > 0;
}
