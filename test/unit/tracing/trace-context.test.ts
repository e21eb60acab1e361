import { expect, test } from 'vitest';
import { otherContext } from '../../../src/lib/tracing/trace-context.js';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test.each([
  [`00-${traceId}-${spanId}-01`, 1],
  [`00-${traceId}-${spanId}-00`, 0],
  [`01-${traceId}-${spanId}-03-what-comes-later`, 3],
])('%s is one', (text, traceFlags) => {
  expect(otherContext(text)).toEqual({ traceId, spanId, traceFlags });
});

test.each([
  undefined,
  '',
  `ff-${traceId}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}-01\n`,
])('%j is none', (text) => {
  expect(otherContext(text)).toBeUndefined();
});
