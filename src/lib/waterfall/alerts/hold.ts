import { type AlertDocument, decodeAlert, heldBy } from '../../domain/alert-document.js';
import { calmMs } from '../../domain/alert-watch.js';
import { isoOfMs } from '../../domain/time.js';
import { updateDocument } from '../../operations/documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { alertSubject } from './messenger.js';

/** How a process looks. */
export interface Looks {
  /** From the beginning of one look to that of the next, ms. */
  readonly everyMs: number;
  readonly calm?: number | undefined;
}

/** What is not over is held for so many looks, and again as soon as fewer of them are left. */
const [holdsFor, longEnough] = [4, 3] as const;

/** Until when an alert that this process sees fire is not over by the limits of another one, ISO. */
export function heldUntil({ clock }: Pipeline, { everyMs, calm = calmMs }: Looks): string {
  return isoOfMs(clock.now() + Math.max(calm, holdsFor * everyMs));
}

/** It is not over by the limits of this process: those of another one do not make it so while this one looks. */
export async function holdAlert(pipeline: Pipeline, fires: AlertDocument, looks: Looks): Promise<void> {
  const term = {
    by: pipeline.identity.worker,
    until: heldUntil(pipeline, looks),
    unlessUntil: isoOfMs(pipeline.clock.now() + longEnough * looks.everyMs),
  };
  if (!heldBy(fires, term)) return;
  await updateDocument(pipeline, alertSubject(pipeline, fires.name), decodeAlert, (current) =>
    heldBy(current, term),
  );
}
