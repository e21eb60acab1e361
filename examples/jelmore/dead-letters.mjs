// Dead letters as Jelmore's records, a line of JSON for each: node dead-letters.mjs
import { pathToFileURL } from 'node:url';
import { openPipeline } from 'plutomi-events';

export async function* deadLetterRecords(pipeline) {
  for await (const letters of pipeline.deadLetters.export({}, { withData: true })) {
    for (const { subject, deadAt, reason, attempts, event } of letters) {
      yield {
        original_subject: subject,
        dlq_timestamp: deadAt,
        failure_reason: reason,
        retry_count: attempts.main + attempts.retry,
        payload: event?.data.payload ?? null,
      };
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const pipeline = await openPipeline();
  for await (const record of deadLetterRecords(pipeline)) console.log(JSON.stringify(record));
  await pipeline.close();
}
