import { escapeLine } from '../domain/escape.js';
import type { HealthCheck, HealthStatus, PipelineHealth } from '../status/health/pipeline-health.js';
import type { Colors } from './colors.js';
import { clipColumns } from './columns.js';
import type { View } from './dead-letters.js';

const nameWidth = 11;
const indent = '  ';

/** The status, and what is not ok: the worst first. */
export function renderHealth({ pipeline, server, status, checks }: PipelineHealth, view: View): string {
  const { colors, width } = view;
  const bad = byWeight(checks);
  const fine = checks.length - bad.length;
  const title = `${status.padEnd('degraded'.length)}  ${pipeline} on ${server}`;
  return [
    paint(status, clipColumns(escapeLine(title), width), colors),
    ...(bad.length === 0 ? [] : ['']),
    ...bad.flatMap((check) => renderCheck(check, view, Math.max(...bad.map(({ about }) => about.length)))),
    '',
    colors.dim(clipColumns(`${fine} of ${checks.length} checks are ok`, width)),
  ].join('\n');
}

/** One line, or, where there is no room, two. */
function renderCheck(
  { name, about, status, message }: HealthCheck,
  { colors, width }: View,
  aboutWidth: number,
): string[] {
  const label = paint(status, status.padEnd('degraded'.length), colors);
  const rest = escapeLine(`${name.padEnd(nameWidth)}  ${about.padEnd(aboutWidth)}  ${message}`);
  const room = width - 'degraded'.length - 2;
  if (rest.length <= room) return [`${label}  ${rest}`];
  const head = clipColumns(escapeLine(`${name}  ${about}`), room);
  return [`${label}  ${head}`, clipColumns(`${indent}${escapeLine(message)}`, width)];
}

function byWeight(checks: readonly HealthCheck[]): HealthCheck[] {
  return (['critical', 'degraded'] as const).flatMap((status) =>
    checks.filter((one) => one.status === status),
  );
}

function paint(status: HealthStatus, text: string, colors: Colors): string {
  if (status === 'ok') return colors.green(text);
  return status === 'critical' ? colors.red(text) : colors.yellow(text);
}

const nagiosWords = { ok: 'OK', degraded: 'WARNING', critical: 'CRITICAL' } as const;

/**
 * One line as `nats server check` prints it: `WARNING plutomi Warn:… | lag=101;100;1000 …`. Of each measured kind the
 * worst value is in the performance data.
 */
export function renderNagios({ pipeline, status, checks }: PipelineHealth): string {
  const said = (prefix: string, of: HealthStatus): string[] =>
    checks
      .filter((one) => one.status === of)
      .map(({ name, about, message }) => `${prefix}:${name} ${about}: ${message}`);
  const bad = [...said('Crit', 'critical'), ...said('Warn', 'degraded')];
  const words = bad.length > 0 ? bad : [`OK:${checks.length} checks`];
  return nagiosLine(nagiosWords[status], pipeline, words, perfData(checks));
}

/** What nothing could be said of: a server that does not answer is critical, all else unknown. */
export type FailureWord = 'CRITICAL' | 'UNKNOWN';

/** What a plugin prints where it can't tell. */
export function renderNagiosFailure(word: FailureWord, message: string): string {
  const prefix = word === 'CRITICAL' ? 'Crit' : 'Unkn';
  return nagiosLine(word, 'plutomi-events', [`${prefix}:${message}`], '');
}

function nagiosLine(word: string, name: string, texts: readonly string[], perf: string): string {
  // A bar begins the performance data.
  const text = escapeLine([word, name, ...texts].join(' ')).replaceAll('|', '/');
  return perf === '' ? text : `${text} | ${perf}`;
}

/** In the order in which they are looked at; with the unit of nagios, where there is one. */
const measured: Readonly<Partial<Record<HealthCheck['name'], string>>> = {
  lag: '',
  nobodyRuns: '',
  unprocessed: 's',
  deadLetters: '',
  storage: '%',
};

function perfData(checks: readonly HealthCheck[]): string {
  return Object.entries(measured)
    .flatMap(([name, unit]) => {
      const values = checks.filter((one) => one.name === name && one.value !== null);
      const worst = values.toSorted((a, b) => weight(b) - weight(a))[0];
      if (!worst) return [];
      return [`${snake(name)}=${worst.value}${unit};${worst.warn ?? ''};${worst.critical ?? ''}`];
    })
    .join(' ');
}

/** What is nearest to its limit is the worst: limits differ from one to the other. */
function weight({ value, warn }: HealthCheck): number {
  return warn === null || warn === 0 ? (value ?? 0) : (value ?? 0) / warn;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const levels = { ok: 0, degraded: 1, critical: 2 } as const;
const unknownLevel = 3;

/** For the textfile collector of node_exporter: the whole, each check, and each value. */
export function renderPrometheus({ pipeline, status, checks }: PipelineHealth): string {
  const labels = ({ name, about }: HealthCheck): string =>
    `{pipeline="${label(pipeline)}",check="${label(snake(name))}",about="${label(about)}"}`;
  const values = checks.filter(({ value }) => value !== null);
  return [
    ...metric('plutomi_health_status', '0 ok, 1 degraded, 2 critical, 3 unknown'),
    statusLine(pipeline, levels[status]),
    ...metric('plutomi_health_check', '0 ok, 1 degraded, 2 critical'),
    ...checks.map((one) => `plutomi_health_check${labels(one)} ${levels[one.status]}`),
    ...metric('plutomi_health_value', 'what the check measures: messages, percent or seconds'),
    ...values.map((one) => `plutomi_health_value${labels(one)} ${one.value}`),
  ].join('\n');
}

/** What is said where nothing could be looked at: the series of the pipeline, where its name is known. */
export function renderPrometheusFailure(word: FailureWord, pipeline: string | undefined): string {
  return [
    ...metric('plutomi_health_status', '0 ok, 1 degraded, 2 critical, 3 unknown'),
    statusLine(pipeline, word === 'CRITICAL' ? levels.critical : unknownLevel),
  ].join('\n');
}

function statusLine(pipeline: string | undefined, level: number): string {
  const labels = pipeline === undefined ? '' : `{pipeline="${label(pipeline)}"}`;
  return `plutomi_health_status${labels} ${level}`;
}

function metric(name: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`];
}

function label(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
