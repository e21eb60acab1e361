import { expect, test, vi } from 'vitest';
import { globalRegistry } from 'zod/mini';

test('what a program keeps in the global registry of zod is its own: the library adds nothing', async () => {
  const add = vi.spyOn(globalRegistry, 'add');
  await import('../../../src/lib/index.js');
  const { configJsonSchema } = await import('../../../src/lib/config/schema/json-schema.js');
  expect(JSON.stringify(configJsonSchema())).toContain('name of the pipeline');
  expect(add).not.toHaveBeenCalled();
});
