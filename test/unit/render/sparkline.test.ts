import { expect, it } from 'vitest';
import { renderSparkline } from '../../../src/lib/render/sparkline.js';

it('draws each count as a part of the largest, and a blank only where nothing is', () => {
  expect(renderSparkline([0, 1, 4, 8, 1000])).toBe(' ▁▁▁█');
  expect(renderSparkline([1, 1, 0, 0, 2, 2], 3)).toBe('▄ █');
  expect(renderSparkline([0, 0])).toBe('  ');
});
