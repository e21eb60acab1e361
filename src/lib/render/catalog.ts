import { formatSize } from '../config/schema/size.js';
import { formatDuration } from '../domain/duration.js';
import { escapeJson } from '../domain/escape.js';
import type { Catalog, CatalogEvent } from '../events/catalog/catalog.js';
import { markdownTable, markdownText } from './markdown.js';

/** The catalogue as a page of Markdown. */
export function renderCatalog({ pipeline, stream, events }: Catalog): string {
  const life = stream.maxAgeMs === 0 ? 'for ever' : `for ${formatDuration(stream.maxAgeMs)}`;
  const where = `in the stream ${stream.name} (${stream.subjects.join(', ')}), ${life}`;
  const list = markdownTable(
    [{ title: 'event' }, { title: 'subject' }, { title: 'owner' }, { title: 'consumers' }],
    events.map((one) => [one.type, one.subject, one.owner ?? '', consumersOf(one)]),
  );
  return [
    `# Events of ${markdownText(pipeline)}`,
    events.length === 0 ? 'The config has no event types.' : `Stored ${markdownText(where)}.`,
    ...(events.length === 0 ? [] : [list]),
    ...events.map(section),
  ].join('\n\n');
}

function consumersOf({ consumers }: CatalogEvent): string {
  return consumers.map(({ name, external }) => (external ? `${name} (external)` : name)).join(', ');
}

function section(event: CatalogEvent): string {
  const { type, description, schema, schemaProblem, examples } = event;
  const [example] = examples;
  return [
    `## ${markdownText(type)}`,
    ...(description === null ? [] : [markdownText(description)]),
    markdownTable([{ title: 'what' }, { title: 'value' }], facts(event)),
    ...(schemaProblem === null ? [] : [`There is no JSON Schema: ${markdownText(schemaProblem)}.`]),
    ...(schema === null ? [] : ['Data:', fenced(schema)]),
    ...(example === undefined ? [] : ['For example:', ...examples.map(fenced)]),
  ].join('\n\n');
}

function facts(event: CatalogEvent): string[][] {
  const { subject, template, owner, deprecated, encrypted, maxBytes } = event;
  return [
    ['subject', template ?? subject],
    ['owner', owner ?? ''],
    ['consumers', consumersOf(event)],
    ['largest without a warning', formatSize(maxBytes)],
    ...(deprecated === false ? [] : [['deprecated', deprecated === true ? 'yes' : deprecated]]),
    ...(encrypted ? [['encrypted', 'yes']] : []),
  ];
}

/** JSON has no line that could end the block. */
function fenced(value: unknown): string {
  return `\`\`\`json\n${escapeJson(JSON.stringify(value, undefined, 2) ?? '')}\n\`\`\``;
}
