import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../../src/lib/render/colors.js';
import { renderTable } from '../../../src/lib/render/table.js';

const plain = colorsFor({ isTty: false, off: true });
const colored = colorsFor({ isTty: true, off: false });
const columns = [
  { title: 'ID' },
  { title: 'TRIES', align: 'right' },
  { title: 'REASON', flexible: true },
] as const;

describe('renderTable', () => {
  it('aligns the columns under their titles', () => {
    const text = renderTable(
      columns,
      [
        ['c/1', '3+3', 'timeout'],
        ['c/1000', '3', 'no'],
      ],
      { width: 80, colors: plain },
    );
    expect(text).toMatchInlineSnapshot(`
      "ID      TRIES  REASON
      c/1       3+3  timeout
      c/1000      3  no"
    `);
  });
});
