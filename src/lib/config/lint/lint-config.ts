import { refuseNoConfig } from '../../domain/given.js';
import { filtersOverlap } from '../../domain/subjects.js';
import { type PipelineConfig, readersOf } from '../resolved.js';
import { formatPath } from '../validation/problems.js';
import { readsLikeCommand } from './command-names.js';
import type { LintFinding } from './finding.js';
import { lintExamples } from './examples.js';
import { lintOwners } from './owners.js';

/** Everything that is worth a second look, in the order of the config. */
export async function lintConfig(config: PipelineConfig): Promise<LintFinding[]> {
  refuseNoConfig(config);
  return [
    ...lintNames(config),
    ...lintOwners(config),
    ...(await lintExamples(config)),
    ...lintReaders(config),
  ];
}

function lintNames({ events }: PipelineConfig): LintFinding[] {
  return events
    .filter(({ type }) => readsLikeCommand(type))
    .map(({ type }) => ({
      path: formatPath(['events', type]),
      rule: 'command-name',
      message: `"${type}" reads like a command: an event says what has happened, such as "order.placed", and leaves it to its consumers what to do`,
    }));
}

function lintReaders(config: PipelineConfig): LintFinding[] {
  const findings: LintFinding[] = [];
  const readers = readersOf(config);
  for (const { type, subject, deprecated } of config.events) {
    const names = readers
      .filter(({ subjects }) => subjects.some((filter) => filtersOverlap(filter, subject)))
      .map(({ name }) => name);
    const path = formatPath(['events', type]);
    if (names.length === 0 && readers.length > 0) {
      findings.push({ path, rule: 'unread', message: `no consumer of this config reads ${subject}` });
    }
    if (names.length > 0 && deprecated !== undefined) {
      findings.push({
        path: formatPath(['events', type, 'deprecated']),
        rule: 'deprecated-read',
        message: `it is deprecated, and ${names.join(', ')} still ${names.length === 1 ? 'reads' : 'read'} it`,
      });
    }
  }
  if (config.events.length === 0) return findings;
  for (const { name, subjects } of readers) {
    for (const filter of subjects) {
      if (config.events.some(({ subject }) => filtersOverlap(filter, subject))) continue;
      findings.push({
        path: formatPath(['consumers', name]),
        rule: 'reads-nothing',
        message: `no event type of this config has a subject that ${filter} matches`,
      });
    }
  }
  return findings;
}
