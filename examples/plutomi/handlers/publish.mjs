// Publishes from a handler: one connection, made when the first event needs it.
import { openPipeline } from 'plutomi-events';

let opening;

/** The pipeline of this folder, for handlers that publish and read. */
export function pipeline() {
  opening ??= openPipeline();
  return opening;
}
