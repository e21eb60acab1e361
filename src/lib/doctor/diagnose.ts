import type { PipelineConfig } from '../config/resolved.js';
import { ConfigError, ConnectionError, PlutomiError, UsageError } from '../errors.js';
import type { Clock } from '../flow/clock.js';
import type { HttpClient } from '../http/client.js';
import { type OwnUser, readOwnUser } from '../nats/account.js';
import type { ConnectionTarget } from '../nats/connect/target.js';
import type { Link } from '../nats/link.js';
import { permissionsOf } from '../permissions/permissions.js';
import type { Role } from '../permissions/role.js';
import { makePipeline, type Pipeline } from '../pipeline/pipeline.js';
import { checkAccount } from './check-account.js';
import { checkClock, type ClockReading } from './check-clock.js';
import { checkConnection } from './check-connection.js';
import { checkHandlers } from './check-handlers.js';
import { checkMonitor } from './check-monitor.js';
import { checkObjects } from './check-objects.js';
import { checkPermissions } from './check-permissions.js';
import { type Diagnosis, fail, failed, type Finding, ok, warn } from './finding.js';

/** Where a diagnosis finds what it looks at. */
export interface DiagnoseSettings {
  /** The config of the folder; undefined: it has none. */
  readonly load: () => Promise<PipelineConfig | undefined>;
  /** Where the server is. */
  readonly target: (config: PipelineConfig | undefined) => Promise<ConnectionTarget>;
  /** The config as it was applied; undefined: none was. */
  readonly applied: (link: Link) => Promise<PipelineConfig | undefined>;
  readonly role: Role;
  /** The monitoring port of a server. */
  readonly monitor?: URL | undefined;
  /** Closed at the end. */
  readonly http: HttpClient;
  readonly clock: Clock;
}

/**
 * Looks for what stands between this machine and a running pipeline, in the order in which it has to be right. Changes
 * nothing; ends within some seconds also where nothing answers.
 */
export async function diagnose(settings: DiagnoseSettings): Promise<Diagnosis> {
  const { load, target, monitor, http, clock } = settings;
  const findings: Finding[] = [];
  const config = await found(load, findings);
  if (config) findings.push(ok('config', `${config.name}, from ${config.file}`));
  const monitored = monitor ? checkMonitor(monitor, http) : Promise.resolve([]);
  const where = await found(() => target(config), findings);
  if (where) {
    const { findings: ofConnection, link } = await checkConnection(where, clock);
    findings.push(...ofConnection);
    if (link) {
      try {
        findings.push(...(await lookOver({ link, ofFolder: config }, settings)));
      } finally {
        await link.close();
      }
    }
  }
  if (config && !findings.some(({ about }) => about === 'handlers'))
    findings.push(...(await checkHandlers(config)));
  findings.push(...(await monitored));
  await http.close();
  return { ok: findings.every(({ status }) => status !== 'fail'), findings };
}

/** What is wrong with the config, or with the flags, is a finding: the rest can be looked at without it. */
async function found<T>(find: () => Promise<T>, findings: Finding[]): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UsageError)) throw error;
    const finding = failed('config', error);
    if (!(error instanceof ConfigError)) findings.push(finding);
    else {
      const problems = error.problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
      findings.push({ ...finding, message: `${error.summary} ${problems}`.trimEnd() });
    }
    return undefined;
  }
}

/** A server, before it is known which pipeline is meant. */
interface Examined {
  readonly link: Link;
  readonly ofFolder: PipelineConfig | undefined;
}

async function lookOver(
  { link, ofFolder }: Examined,
  { applied, role, clock }: DiagnoseSettings,
): Promise<Finding[]> {
  const [user, ofUser] = await timed(clock, () => whoIsThis(link));
  const findings = await checkAccount(link, ofFolder && Object.values(ofFolder.streams));
  const isDeaf = findings.some(
    ({ about, status }) => status === 'fail' && about !== 'account' && about !== 'storage',
  );
  const config = ofFolder ?? (isDeaf ? undefined : await appliedConfig(() => applied(link), findings));
  let time: ClockReading = { ...ofUser, serverTime: user?.serverTime };
  if (config) {
    const inboxPrefix = link.target.inboxPrefix ?? '_INBOX';
    const needed = permissionsOf(config, role, { inboxPrefix, apiPrefix: link.apiPrefix });
    findings.push(...checkPermissions(needed, user));
  }
  // Where nothing answers, each question would be waited for.
  if (config && !isDeaf) {
    const pipeline = makePipeline({ config, link, clock });
    findings.push(...(await checkObjects(pipeline)));
    if (!user) time = await streamTime(pipeline);
  }
  findings.push(checkClock(time));
  if (config) findings.push(...(await checkHandlers(config)));
  return findings;
}

async function timed<T>(clock: Clock, ask: () => Promise<T>): Promise<[T, Omit<ClockReading, 'serverTime'>]> {
  const beforeMs = clock.now();
  const answer = await ask();
  return [answer, { beforeMs, afterMs: clock.now() }];
}

/** What the server says about a stream has its time too; for those who may not ask who they are. */
async function streamTime({ link, config, clock }: Pipeline): Promise<ClockReading> {
  const ask = () => link.streamInfo(config.streams.events.name).catch(() => undefined);
  const [info, times] = await timed(clock, ask);
  return { ...times, serverTime: info?.ts };
}

async function whoIsThis(link: Link): Promise<OwnUser | undefined> {
  try {
    return await readOwnUser(link);
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

async function appliedConfig(
  read: () => Promise<PipelineConfig | undefined>,
  findings: Finding[],
): Promise<PipelineConfig | undefined> {
  try {
    const config = await read();
    findings.unshift(
      config
        ? ok('config', `${config.name}, as it was applied to the server`)
        : warn(
            'config',
            'there is no config file, and no pipeline on the server',
            'go to the folder of the config, or name it with --config',
          ),
    );
    return config;
  } catch (error) {
    if (!(error instanceof PlutomiError)) throw error;
    findings.unshift(fail('config', error.message, error.suggestions[0] ?? null));
    return undefined;
  }
}
