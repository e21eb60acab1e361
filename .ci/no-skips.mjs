// Reads vitest's JSON report: a test that did not run proves nothing, so a skipped one fails CI.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const {
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: pending,
  numTodoTests: todo,
} = report;
const skipped = pending + todo;
for (const file of report.testResults) {
  for (const test of file.assertionResults) {
    if (test.status !== 'passed') console.log(`${test.status}: ${test.fullName} (${file.name})`);
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = passed > 0 && failed === 0 && skipped === 0 ? 0 : 1;
