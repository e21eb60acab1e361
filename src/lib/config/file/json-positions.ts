import { type MemberNode, parse as parseWithPositions, type ValueNode } from '@humanwhocodes/momoa';
import { type Located, type LocatedChild, nothingBelow } from './positions.js';

/** Where the keys and elements of a text stand that is valid JSON. */
export function locateJson(text: string): Located {
  return locate(parseWithPositions(text).body);
}

function locate(node: ValueNode): Located {
  if (node.type === 'Object') return { children: () => node.members.map(memberOf) };
  if (node.type !== 'Array') return nothingBelow;
  return {
    children: () =>
      node.elements.map(({ value, loc }, key) => ({ key, at: loc.start, value: locate(value) })),
  };
}

function memberOf({ name, value, loc }: MemberNode): LocatedChild {
  return { key: name.type === 'String' ? name.value : name.name, at: loc.start, value: locate(value) };
}
