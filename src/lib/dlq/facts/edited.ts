import type { Pointer } from '../../domain/pointer.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { editedVersions } from '../../pointers/kept/edited-versions.js';

/** Was the event of each of these edited, so that a replay handles that version? In their order, by one question. */
export async function areEdited(pipeline: Pipeline, pointers: readonly Pointer[]): Promise<boolean[]> {
  const nothing = pointers.map(() => false);
  if (pointers.length === 0) return nothing;
  const info = await pipeline.link.streamInfo(pipeline.places.kept.stream);
  if (!info || info.state.messages === 0) return nothing;
  return (await editedVersions(pipeline, pointers)).map((version) => version !== undefined);
}
