// Does everything that happened add up?
import { begin } from './ending.mjs';
import { tell, verdict } from './narrator.mjs';

/** Rows are `[name, found, expected, remark]`. False, and exit code 1, where something differs from what is expected. */
export function closeAccount(rows) {
  begin();
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const differing = rows.filter(([, found, expected]) => found !== expected);
  tell('');
  for (const row of rows) {
    const [name, found, expected, remark = ''] = row;
    const said = differing.includes(row) ? `expected ${expected}` : remark;
    tell(`${name.padEnd(width)}${String(found).padStart(6)}  ${said}`.trimEnd());
  }
  const good = differing.length === 0;
  const problems = differing.map(([name, found, expected]) => `${name} ${found}, expected ${expected}`);
  verdict(good, good ? 'It adds up.' : `It does not add up: ${problems.join('; ')}.`);
  if (!good) process.exitCode = 1;
  return good;
}
