/** What one tells somebody to do; nouns of the same spelling are fine where they come first: `order.placed`. */
const commands = new Set(
  `add approve assign calculate cancel change check cleanup complete convert create delete deliver disable do download
  enable encode execute fetch finish generate get grant handle invoke make migrate notify process publish put recalculate
  refresh register reindex reject remove render resend reset resize resume retry revoke run save send set ship start stop
  store submit sync synchronize trigger unregister update upload validate verify`.split(/\s+/),
);

/** Only at the end of a type, where they are no thing that something has happened to. */
const commandsAtEnd = new Set(
  `archive bill book capture charge debit export import index invoice issue lock log order pay print refund reserve restore
  schedule unlock`.split(/\s+/),
);

/** What has happened to something, besides what ends in -ed. */
const happened = new Set(
  `begun bent born bought bound broken brought built caught chosen cut done drawn driven fallen felt forgotten forgiven
  found frozen given gone grown held hidden hit kept known left lent lost made met paid put read reset rewritten run seen
  sent set shown shut sold spent split spoken stolen taken taught told understood undone withdrawn won written`.split(
    /\s+/,
  ),
);

/** Does a type tell what to do, as `send.email` and `order.create` do, and not what has happened? */
export function readsLikeCommand(type: string): boolean {
  const tokens = type.split('.').map(wordsOf);
  while (tokens.length > 1 && /^v\d+$/.test(tokens.at(-1)?.join('') ?? '')) tokens.pop();
  const [first = []] = tokens;
  const last = tokens.at(-1) ?? [];
  const end = last.at(-1) ?? '';
  const isPast = /[a-z]{2}ed$/.test(end) || (happened.has(end) && (tokens.length > 1 || last.length > 1));
  if (isPast) return false;
  const [begins = ''] = first;
  const [lastBegins = ''] = last;
  return commands.has(begins) || commands.has(lastBegins) || commandsAtEnd.has(lastBegins);
}

/** `sendEmail`, `send-email` and `send_email` are two words each. */
function wordsOf(token: string): string[] {
  return token
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== '');
}
