// Reads vitest's JSON reports: a test that did not run proves nothing, so a skipped one fails CI.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const count = (what) => reports.reduce((sum, report) => sum + report[what], 0);
const passed = count('numPassedTests');
const failed = count('numFailedTests');
const skipped = count('numPendingTests') + count('numTodoTests');
for (const file of reports.flatMap(({ testResults }) => testResults)) {
  for (const test of file.assertionResults) {
    if (test.status !== 'passed') console.log(`${test.status}: ${test.fullName} (${file.name})`);
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
const ran = reports.every(({ numPassedTests }) => numPassedTests > 0);
process.exitCode = reports.length > 0 && ran && failed === 0 && skipped === 0 ? 0 : 1;
