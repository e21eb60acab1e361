import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert, AlertHandler } from '../../domain/alert.js';
import {
  type AlertDestination,
  type AlertDocument,
  claimed,
  decodeAlert,
  mayClaim,
  released,
  toldTo,
} from '../../domain/alert-document.js';
import { delayAfter } from '../../domain/backoff.js';
import { failureOf, reasonOf } from '../../domain/failure.js';
import { operationsSubject } from '../../domain/operations-subjects.js';
import { isoOfMs } from '../../domain/time.js';
import { webhookHeaders } from '../../domain/webhook-signature.js';
import { Slots } from '../../flow/slots.js';
import type { HttpClient } from '../../http/client.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import { updateDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { publishNotice } from '../../nats/publish-notice.js';
import { postJson } from '../stages/webhook.js';

/** Where alerts go, besides the log. */
export interface AlertTargets {
  readonly webhook?: string;
  /** What the webhook's requests are signed with. */
  readonly keys: readonly Buffer[];
  readonly handler?: AlertHandler;
  readonly subject?: string;
}

/** What is told about alerts themselves. */
export interface MessengerParts {
  readonly pipeline: Pipeline;
  readonly targets: AlertTargets;
  readonly http: HttpClient;
  readonly emit: WaterfallListener;
  /** It is to be told after all; else it is dropped. */
  readonly isStillNews: (document: AlertDocument) => Promise<boolean>;
  /** As `leaseMs`. */
  readonly lease: number;
  /** What could not be read or written; it is tried again by the next look. */
  readonly onError: (error: unknown) => void;
}

const handlerTimeoutMs = 10_000;
const repeatAfterMs = [1000, 5000, 15_000, 30_000, 60_000];
/** Nobody takes it for so long: it is given up. */
export const giveUpMs = 86_400_000;
/** So long a process that is telling may be silent before another one takes over. */
export const leaseMs = 30_000;
const atOnce = 4;

/**
 * Tells alerts everywhere, in the order in which they were noticed: one process each, another one if that is killed.
 * What is not taken is told again.
 */
export class AlertMessenger {
  private readonly running = new Map<string, Promise<void>>();
  private readonly again = new Set<string>();
  private readonly slots = new Slots(atOnce);
  private readonly stopping = new AbortController();

  constructor(private readonly parts: MessengerParts) {}

  /** Where an alert that is noticed now is to be told. */
  get destinations(): readonly AlertDestination[] {
    const { webhook, handler, subject } = this.parts.targets;
    return [
      'log',
      ...(webhook === undefined ? [] : ['webhook' as const]),
      ...(handler === undefined ? [] : ['handler' as const]),
      ...(subject === undefined ? [] : ['subject' as const]),
    ];
  }

  /** Tells what of it is to be told, unless another process does. Nothing waits for it. */
  deliver(name: string): void {
    if (this.stopping.signal.aborted) return;
    if (this.running.has(name)) {
      this.again.add(name);
      return;
    }
    const done = this.run(name)
      .catch(this.parts.onError)
      .finally(() => {
        this.running.delete(name);
        if (this.again.delete(name)) this.deliver(name);
      });
    this.running.set(name, done);
  }

  /** Those of these that nobody tells now. */
  deliverAll(documents: readonly AlertDocument[]): void {
    const { clock, identity } = this.parts.pipeline;
    for (const document of documents) {
      const isFree = document.notices.length > 0 && mayClaim(document, identity.worker, clock.now());
      if (isFree && !this.running.has(document.name)) this.deliver(document.name);
    }
  }

  /** Resolves when nothing more is sent. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.slots.open();
    await Promise.all(this.running.values());
  }

  private async run(name: string): Promise<void> {
    try {
      for (let failures = 0; !this.stopping.signal.aborted; ) {
        await this.slots.take();
        const failed = await this.round(name, failures).finally(() => this.slots.give());
        if (failed === undefined) return;
        failures = failed ? failures + 1 : 0;
        if (failed) await this.pause(name, delayAfter(repeatAfterMs, failures));
      }
    } finally {
      if (this.stopping.signal.aborted) await this.change(name, (one) => released(one, this.me));
    }
  }

  /** True: something was not taken. Undefined: nothing is left for this process. */
  private async round(name: string, failures: number): Promise<boolean | undefined> {
    const document = await this.claim(name, 0);
    if (!document) return undefined;
    const [first] = document.notices;
    const isUntold = first?.alert.condition === 'newGroup' && first.todo.includes('log');
    if (isUntold && !(await this.parts.isStillNews(document))) {
      await this.change(name, (one) => one && { ...one, state: 'resolved', notices: [], claim: null });
      return false;
    }
    const failed = new Set<AlertDestination>();
    for (const { alert, todo } of document.notices) {
      for (const to of todo) {
        if (this.stopping.signal.aborted) return undefined;
        // The later ones come after the earlier ones.
        if (failed.has(to)) continue;
        if (!(await this.claim(name, 0))) return undefined;
        const isDone = await this.send(alert, to, failures);
        if (isDone) await this.change(name, (one) => toldTo(one, alert.id, [to], this.now));
        else failed.add(to);
      }
    }
    return failed.size > 0;
  }

  /** True: it need not be sent again. */
  private async send(alert: Alert, to: AlertDestination, failures: number): Promise<boolean> {
    const { pipeline, emit } = this.parts;
    try {
      await this.sendTo(alert, to);
      return true;
    } catch (cause) {
      const error = reasonOf(failureOf(cause));
      const isGivenUp = pipeline.clock.now() - Date.parse(alert.at) >= giveUpMs;
      const retryInMs = isGivenUp ? undefined : delayAfter(repeatAfterMs, failures + 1);
      const { id, condition } = alert;
      emit({
        type: 'alert-not-told',
        id,
        condition,
        to,
        error,
        ...(retryInMs === undefined ? {} : { retryInMs }),
      });
      return isGivenUp;
    }
  }

  private async sendTo(alert: Alert, to: AlertDestination): Promise<void> {
    const { pipeline, targets, http, emit } = this.parts;
    const body = JSON.stringify({ type: `alert.${alert.state}`, timestamp: alert.at, data: alert });
    // What the config of this process does not have was taken out of it.
    if (to === 'log') emit({ type: 'alert', alert });
    else if (to === 'webhook' && targets.webhook !== undefined) {
      const headers = webhookHeaders(alert.id, pipeline.clock.now(), body, targets.keys);
      await postJson(http, targets.webhook, body, headers);
    } else if (to === 'handler' && targets.handler) await inTime(targets.handler, alert);
    else if (to === 'subject' && targets.subject !== undefined)
      await publishNotice(pipeline.link, targets.subject, body);
  }

  private async pause(name: string, ms: number): Promise<void> {
    await this.claim(name, ms);
    await sleep(ms, undefined, { signal: this.stopping.signal, ref: false }).catch(() => {});
  }

  /** Undefined: nothing of it is left to tell, or another process tells it. */
  private async claim(name: string, extraMs: number): Promise<AlertDocument | undefined> {
    const nowMs = this.parts.pipeline.clock.now();
    const until = isoOfMs(nowMs + extraMs + this.parts.lease);
    const found = await this.change(name, (one) => claimed(one, { by: this.me, nowMs, until }));
    return found && found.notices.length > 0 && found.claim?.by === this.me ? found : undefined;
  }

  private async change(
    name: string,
    change: (current: AlertDocument | undefined) => AlertDocument | undefined,
  ): Promise<AlertDocument | undefined> {
    const { pipeline } = this.parts;
    return (await updateDocument(pipeline, alertSubject(pipeline, name), decodeAlert, change))?.value;
  }

  private get me(): string {
    return this.parts.pipeline.identity.worker;
  }

  private get now(): string {
    return isoOfMs(this.parts.pipeline.clock.now());
  }
}

export function alertSubject({ places }: Pipeline, name: string): string {
  return operationsSubject(places.operations.root, 'alert', name);
}

/** Its own: it may change what it is given. */
async function inTime(handler: AlertHandler, alert: Alert): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${handlerTimeoutMs} ms`)), handlerTimeoutMs);
  });
  const result = Promise.resolve().then(() => handler(structuredClone(alert)));
  await Promise.race([result, late]).finally(() => clearTimeout(timer));
}
