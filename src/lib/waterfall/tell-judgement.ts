import type { Transcribed } from '../routing/transcribe.js';
import type { WaterfallListener } from '../observe/waterfall-event.js';

/** Reports what came of an advisory of the server. What is already in the journal is reported once, by its writer. */
export function tellJudgement(judgement: Transcribed, subject: string, emit: WaterfallListener): void {
  switch (judgement.is) {
    case 'exhaustion': {
      const { exhaustion, counted } = judgement;
      if (counted) emit({ type: 'server-gave-up', advisory: counted });
      const { kind, attempts, failure } = exhaustion;
      return emit({ type: 'exhausted', key: exhaustion, attempts: attempts.main, failure, kind });
    }
    case 'retry-given-up':
      return emit({ type: 'server-gave-up', advisory: judgement.advisory, gone: !judgement.putBack });
    case 'lost': {
      const { stream, consumer, streamSeq: seq } = judgement.advisory;
      return emit({ type: 'event-lost', stream, consumer, seq, reason: judgement.reason });
    }
    case 'not-ours': {
      const { stream, consumer, streamSeq: seq, kind } = judgement.advisory;
      return emit({ type: 'ignored-advisory', stream, consumer, seq, kind });
    }
    case 'refused':
      return emit({ type: 'refused-advisory', subject, because: judgement.because });
    case 'known':
  }
}
