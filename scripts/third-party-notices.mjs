import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licences of the packages that these modules (absolute paths) are from, as the text of one file. */
export function thirdPartyNotices(modules) {
  const folders = new Set(
    modules.flatMap((path) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path) ?? []),
  );
  const notices = [...folders].map(noticeOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const head = 'plutomi-events contains code of these packages, each under its own licence:\n';
  const line = '-'.repeat(100);
  return [head, ...notices.map(({ name, text }) => `${line}\n${name}\n\n${text.trim()}\n`)].join('\n');
}

function noticeOf(folder) {
  const { name, version, license, author, repository } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file));
  if (license === undefined && files.length === 0) throw new Error(`${name} names no licence: see ${folder}`);
  const facts = [`licence: ${license ?? 'see below'}`, `author: ${author?.name ?? author ?? 'not named'}`];
  if (repository !== undefined) facts.push(`source: ${repository.url ?? repository}`);
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name: `${name} ${version}`, text: [facts.join('\n'), ...texts].join('\n\n') };
}
