/** The metadata key that says which pipeline a stream or a consumer belongs to. */
export const ownerKey = 'plutomi-events.pipeline';
/** The metadata key that says when the filters of a consumer were changed: what is older may have been skipped. */
export const filtersChangedKey = 'plutomi-events.filters-changed';

type Metadata = Readonly<Record<string, string>> | undefined;

/** The pipeline that this object belongs to; undefined: none of ours. */
export function ownerOf(metadata: Metadata): string | undefined {
  return metadata?.[ownerKey];
}

/** The metadata with this owner in it; everything else in it stays. */
export function withOwner(metadata: Metadata, pipeline: string): Record<string, string> {
  return { ...metadata, [ownerKey]: pipeline };
}

/** The metadata key of an object that an operator has left to itself, knowing what it strands. */
export const leftKey = 'plutomi-events.left';

/** Has a person, or an apply that found nothing in it, decided to leave this orphan alone? */
export function isLeft(metadata: Metadata): boolean {
  return metadata?.[leftKey] !== undefined;
}
