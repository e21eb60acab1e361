import type { AlertSettings } from '../../config/resolved.js';
import { type Alert, type AlertGroup, type Measured, textOf } from '../../domain/alert.js';
import {
  type AlertDocument,
  decodeAlert,
  isHeld,
  type Noticed,
  raised,
  resolved,
} from '../../domain/alert-document.js';
import { AlertWatch, calmMs } from '../../domain/alert-watch.js';
import { operationsFilter } from '../../domain/operations-subjects.js';
import { isoOfMs } from '../../domain/time.js';
import { ConnectionError, messageOf, PlutomiError } from '../../errors.js';
import type { GroupNews } from '../../groups/tell-groups.js';
import type { HttpClient } from '../../http/client.js';
import { NotAllowedError } from '../../nats/errors.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import { readDocuments, type StoredDocument, updateDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { takeCensus } from './census.js';
import { Gauge } from './gauge.js';
import { HealthGauge } from './health-gauge.js';
import { heldUntil, holdAlert, type Looks } from './hold.js';
import { SeenShapes } from './seen-shapes.js';
import { AlertMessenger, type AlertTargets, alertSubject, leaseMs } from './messenger.js';

export interface AlertDeskParts {
  readonly pipeline: Pipeline;
  readonly targets: AlertTargets;
  readonly http: HttpClient;
  readonly emit: WaterfallListener;
  /** Between two looks, ms. Default: 10 s. */
  readonly everyMs?: number;
  /** So many times as long as a look took there is none. Default: 10. */
  readonly rest?: number;
  /** How long it must have been over before that is told, ms. Default: 30 s. */
  readonly calm?: number;
  /** How long a process that is telling may be silent before another one takes over, ms. Default: 30 s. */
  readonly lease?: number;
}

/** What a group has not. */
const unmeasured = { about: null, level: null, value: null, threshold: null } as const;
const defaultEveryMs = 10_000;
const defaultRest = 10;
/** A new group is told so much later: by then it may have turned out to be a part of another one. */
const settleMs = 2000;

/**
 * Notices what the config's `alerts` are about, and has it told once, by one of all processes. Whatever goes wrong is told once and tried again: no event waits for it.
 */
export class AlertDesk {
  private readonly alerts: AlertSettings;
  private readonly shapes: SeenShapes;
  private readonly messenger: AlertMessenger;
  private readonly gauge: Gauge;
  private readonly healthGauge: HealthGauge;
  private readonly watches = new Map<string, AlertWatch>();
  /** Since when a group that fires has had no dead letters, by the name of its alert. */
  private readonly calmSinceMs = new Map<string, number>();
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private failure: string | undefined;
  /** From the beginning of the last look to that of the next, ms. */
  private lookMs: number;
  private known: { readonly lastSeq: number; readonly documents: readonly AlertDocument[] } | undefined;

  constructor(private readonly parts: AlertDeskParts) {
    const { pipeline, targets, http, emit } = parts;
    this.alerts = pipeline.config.alerts;
    this.lookMs = parts.everyMs ?? defaultEveryMs;
    this.gauge = new Gauge(pipeline, this.alerts);
    this.healthGauge = new HealthGauge(pipeline, this.alerts);
    this.shapes = new SeenShapes(pipeline);
    this.messenger = new AlertMessenger({
      pipeline,
      targets,
      http,
      emit,
      isStillNews: async ({ group }) => !group || !(await this.shapes.isPartOfAnother(group.id)),
      lease: this.lease,
      onError: (error) => this.failed(error),
    });
    if (this.isLooking) this.next(0);
  }

  private get lease(): number {
    return this.parts.lease ?? leaseMs;
  }

  private get looks(): Looks {
    return { everyMs: this.lookMs, calm: this.parts.calm };
  }

  /** There is something that could be told. */
  private get isLooking(): boolean {
    const { newGroup, groupBack, ...limits } = this.alerts;
    const { rate, count, oldestMs, expiringMs, lag, storage, nobodyRunsMs } = limits;
    const measured = [rate, count, oldestMs, expiringMs, lag, storage, nobodyRunsMs];
    return newGroup || groupBack || measured.some((one) => one !== undefined);
  }

  /**
   * A new dead letter, before it is acknowledged: an alert about its group is stored when this resolves, so it comes even
   * if this process is killed. Rejects where the server does not take it now.
   */
  async notice(entry: DlqEntry, news: GroupNews | undefined): Promise<void> {
    const { newGroup, groupBack } = this.alerts;
    if (newGroup) this.shapes.add(entry);
    if (news === undefined || !(news === 'new' ? newGroup : groupBack)) return;
    try {
      await this.raiseGroup(entry, news);
    } catch (error) {
      if (error instanceof ConnectionError && !(error instanceof NotAllowedError)) throw error;
      this.failed(error);
    }
  }

  /** Resolves when nothing more is sent or written. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await Promise.all([this.running, this.messenger.stop()]);
  }

  private next(delayMs: number): void {
    this.timer = setTimeout(() => {
      this.running = this.turn();
    }, delayMs);
    this.timer.unref();
  }

  private async turn(): Promise<void> {
    const { pipeline, everyMs = defaultEveryMs, rest = defaultRest } = this.parts;
    const { clock, link } = pipeline;
    const startedAt = clock.monotonic();
    if (link.connected) {
      try {
        await this.look();
        this.failure = undefined;
      } catch (error) {
        this.failed(error);
      }
    }
    const tookMs = clock.monotonic() - startedAt;
    // Several processes do not look in step.
    const jitter = 0.9 + clock.random() / 5;
    const pauseMs = Math.max(everyMs * jitter, tookMs * rest);
    this.lookMs = tookMs + pauseMs;
    if (!this.stopping.signal.aborted) this.next(pauseMs);
  }

  private async look(): Promise<void> {
    const documents = await this.readDocuments();
    const nowMs = this.parts.pipeline.clock.now();
    this.messenger.deliverAll(documents.filter((one) => isSettled(one, nowMs)));
    const measured = [...(await this.gauge.read(this.stopping.signal)), ...(await this.healthGauge.read())];
    for (const one of measured) await this.compare(one, documents);
    await this.lookForEmptyGroups(documents);
  }

  /** What has not changed is not read again. */
  private async readDocuments(): Promise<readonly AlertDocument[]> {
    const { pipeline } = this.parts;
    const { stream, root } = pipeline.places.operations;
    const lastSeq = (await pipeline.link.streamInfo(stream))?.state.last_seq ?? 0;
    if (this.known?.lastSeq !== lastSeq) {
      const found = await readDocuments(pipeline, operationsFilter(root, 'alert'), decodeAlert);
      // One that stands elsewhere was put there by somebody else.
      const isOwn = ({ value, subject }: StoredDocument<AlertDocument>): boolean =>
        subject === alertSubject(pipeline, value.name);
      this.known = { lastSeq, documents: found.filter(isOwn).map(({ value }) => value) };
    }
    return this.known.documents;
  }

  private async compare(measured: Measured, documents: readonly AlertDocument[]): Promise<void> {
    const { condition, value, threshold, name = condition, about = null, level = null } = measured;
    let watch = this.watches.get(name);
    if (!watch) this.watches.set(name, (watch = new AlertWatch(condition, threshold, this.parts.calm)));
    const { pipeline } = this.parts;
    const { clock, identity } = pipeline;
    const fires = documents.find((one) => one.name === name && one.state === 'firing');
    const state = watch.see(value, fires !== undefined, clock.now());
    if (fires && !watch.isCalm(value)) await holdAlert(pipeline, fires, this.looks);
    if (state === undefined) return;
    if (state === 'resolved' && fires && isHeld(fires, identity.worker, clock.now())) return;
    const text = textOf(measured, state === 'resolved');
    const facts = { condition, text, about, level, value, threshold, group: null };
    await this.change(state, name, facts, { cause: '' });
  }

  private async raiseGroup(entry: DlqEntry, news: GroupNews): Promise<void> {
    const { consumer, fingerprint, id: sample, reason } = entry.letter;
    const found = await this.shapes.groupOf(consumer, fingerprint);
    if (found.isMuted(entry.dlqSeq)) return;
    const { id } = found;
    const group: AlertGroup = { id, consumer, sample, reason };
    const text =
      news === 'new'
        ? `new dead letters of ${consumer}: ${reason}`
        : `dead letters of ${consumer} are back: ${reason}`;
    const condition = news === 'new' ? 'newGroup' : 'groupBack';
    const cause = news === 'new' ? 'new' : `back-${entry.dlqSeq}`;
    const facts = { ...unmeasured, condition, text, group } as const;
    await this.change('firing', `group-${id}`, facts, { cause, dlqSeq: entry.dlqSeq });
  }

  private async lookForEmptyGroups(documents: readonly AlertDocument[]): Promise<void> {
    const { pipeline, calm = calmMs } = this.parts;
    const { link, places, clock } = pipeline;
    const firing = documents.filter(({ state, dlqSeq }) => state === 'firing' && dlqSeq !== null);
    const there = new Set<number>();
    await link.readEach(
      places.dlq.stream,
      firing.map(({ dlqSeq }) => dlqSeq ?? 0),
      ({ seq }) => there.add(seq),
    );
    const left = firing.filter(({ dlqSeq }) => !there.has(dlqSeq ?? 0));
    if (left.length === 0) return;
    const census = await takeCensus(pipeline, clock.now(), this.stopping.signal);
    for (const { name, group, cause, condition } of left) {
      const newest = group && census.newestOf(group.id);
      if (!group || newest === null) continue;
      if (newest !== undefined) {
        this.calmSinceMs.delete(name);
        await updateDocument(pipeline, alertSubject(pipeline, name), decodeAlert, (current) =>
          current?.cause === cause && current.dlqSeq !== newest ? { ...current, dlqSeq: newest } : undefined,
        );
        continue;
      }
      const since = this.calmSinceMs.get(name) ?? clock.now();
      this.calmSinceMs.set(name, since);
      if (clock.now() - since < calm) continue;
      this.calmSinceMs.delete(name);
      const text = `no dead letters of ${group.consumer} are left of: ${group.reason}`;
      await this.change('resolved', name, { ...unmeasured, condition, text, group }, { cause });
    }
  }

  private async change(
    state: Alert['state'],
    name: string,
    facts: Omit<Alert, 'id' | 'pipeline' | 'state' | 'since' | 'at'>,
    { cause, dlqSeq = null }: { readonly cause: string; readonly dlqSeq?: number | null },
  ): Promise<void> {
    const { pipeline } = this.parts;
    const { clock, identity, config } = pipeline;
    const nowMs = clock.now();
    const at = isoOfMs(nowMs);
    const noticed: Noticed = {
      name,
      alert: { id: `${config.name}-${name}-${nowMs}`, pipeline: config.name, state, since: at, at, ...facts },
      cause,
      dlqSeq,
      by: identity.worker,
      to: this.messenger.destinations,
      claimUntil: isoOfMs(nowMs + this.lease),
      heldUntil: cause === '' ? heldUntil(pipeline, this.looks) : null,
    };
    const make = state === 'firing' ? raised : resolved;
    await updateDocument(pipeline, alertSubject(pipeline, name), decodeAlert, (current) =>
      make(current, noticed),
    );
    if (facts.condition !== 'newGroup' || state === 'resolved') this.messenger.deliver(name);
    else setTimeout(() => this.messenger.deliver(name), settleMs).unref();
  }

  private failed(error: unknown): void {
    const text = messageOf(error);
    if (this.failure === text || this.stopping.signal.aborted) return;
    this.failure = text;
    this.parts.emit({ type: 'alerts-failed', error: text, suggestions: suggestionsOf(error) });
  }
}

/** None of it is of a new group that may yet turn out to be a part of another one. */
function isSettled({ notices }: AlertDocument, nowMs: number): boolean {
  return notices.every(
    ({ alert: { condition, state, at } }) =>
      condition !== 'newGroup' || state === 'resolved' || nowMs - Date.parse(at) >= settleMs,
  );
}

function suggestionsOf(error: unknown): PlutomiError['suggestions'] {
  return error instanceof PlutomiError ? error.suggestions : [];
}
