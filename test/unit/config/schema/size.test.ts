import { describe, expect, test } from 'vitest';
import { formatSize, parseSize, sizeMeant } from '../../../../src/lib/config/schema/size.js';

describe('parseSize', () => {
  test.each([
    ['1', 1],
    ['512B', 512],
    ['10GB', 10_000_000_000],
    ['10 GB', 10_000_000_000],
    ['1.5MiB', 1_572_864],
    ['2TiB', 2_199_023_255_552],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(['', '0', '0GB', '-1', '10gb', 'GB', '10 G', '1e9', '99999999TB'])('"%s" is no size', (text) =>
    expect(parseSize(text)).toBeUndefined(),
  );
});

test.each([
  [10_000_000_000, '10GB'],
  [1_073_741_824, '1GiB'],
  [1_572_864, '1536KiB'],
  [1500, '1500B'],
  [1, '1B'],
])('formatSize(%d) is %s, which reads back as the same', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  ['10gb', '10GB'],
  ['512 Mi', '512MiB'],
  ['10G', '10GB'],
  ['1.5 kib', '1.5KiB'],
  ['10 bytes', undefined],
  ['10GB', undefined],
])('sizeMeant(%j) is %j', (text, meant) => {
  expect(sizeMeant(text)).toBe(meant);
  if (meant !== undefined) expect(parseSize(meant)).toBeGreaterThan(0);
});
