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
const rows = [
  ['c/1', '3+3', 'timeout'],
  ['c/1000', '3', 'no such template: welcome-mail-for-new-customers'],
];

describe('renderTable', () => {
  it('aligns the columns under their titles', () => {
    expect(renderTable(columns, rows, { width: 80, colors: plain })).toMatchInlineSnapshot(`
      "ID      TRIES  REASON
      c/1       3+3  timeout
      c/1000      3  no such template: welcome-mail-for-new-customers"
    `);
  });

  it('cuts what is flexible, so that no line is wider than the terminal', () => {
    const text = renderTable(columns, rows, { width: 40, colors: plain });
    expect(text).toContain('c/1000      3  no such template: welcom…');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
  });

  it('cuts the widest of several, and none below eight', () => {
    const two = [
      { title: 'A', flexible: true },
      { title: 'B', flexible: true },
    ];
    const text = renderTable(two, [['a'.repeat(60), 'b'.repeat(10)]], { width: 30, colors: plain });
    expect(text.split('\n')[1]).toMatch(/^a{17}… {2}b{10}$/);
    const narrow = renderTable(two, [['a'.repeat(60), 'b'.repeat(60)]], { width: 18, colors: plain });
    expect(narrow.split('\n')[1]).toBe('aaaaaaa…  bbbbbbb…');
  });

  it('has a few lines for each row where the columns do not fit, and no title apart from its value', () => {
    const five = [
      { title: 'ID' },
      { title: 'DIED', align: 'right' },
      { title: 'TRIES', align: 'right' },
      { title: 'ORIGINAL' },
      { title: 'REASON', flexible: true },
    ] as const;
    const letters = [
      ['notifications-consumer/42', '3m ago', '3+3', 'expires in 6d', 'no such template: welcome-mail'],
      ['c/1', 'now', '1+0', '', ''],
    ];
    const text = renderTable(five, letters, { width: 40, colors: plain });
    expect(text).toMatchInlineSnapshot(`
      "notifications-consumer/42
        died 3m ago  tries 3+3
        original expires in 6d
        reason no such template: welcome-mail
      c/1
        died now  tries 1+0"
    `);
    for (const width of [20, 25, 30, 40, 50, 60]) {
      const lines = renderTable(five, letters, { width, colors: plain }).split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }
    const painted = renderTable(five, letters, { width: 40, colors: colored });
    expect(painted.replaceAll(/\u001b\[\d+m/g, '')).toBe(text);
  });

  it('counts are named too where they come first', () => {
    const counts = [
      { title: 'COUNT', align: 'right' },
      { title: 'GROUP' },
      { title: 'LAST', align: 'right' },
    ] as const;
    const text = renderTable(counts, [['12', '0123456789ab', '3m ago']], { width: 24, colors: plain });
    expect(text).toBe('count 12\n  group 0123456789ab\n  last 3m ago');
  });

  it('cuts no title', () => {
    const two = [{ title: 'name' }, { title: 'what it shows', flexible: true }] as const;
    for (const width of [20, 25, 30]) {
      const lines = renderTable(two, [['notes/4-queue', 'work that is shared']], { width, colors: plain });
      for (const line of lines.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('keeps the width of wide characters', () => {
    const text = renderTable([{ title: 'T', flexible: true }, { title: 'X' }], [['漢字'.repeat(20), 'end']], {
      width: 24,
      colors: plain,
    });
    expect(text.split('\n')[1]).toMatch(/^(?:漢字)+.?… *end$/);
  });

  it('escapes what a terminal would obey', () => {
    const text = renderTable([{ title: 'T' }], [['\u001b[2J\nx']], { width: 80, colors: plain });
    expect(text).toBe('T\n\\u001b[2J\\nx');
  });

  it('paints cells without counting the colours as width', () => {
    const painted = [{ title: 'ID', paint: (text: string) => colored.red(text) }, { title: 'B' }];
    const text = renderTable(painted, [['c/1', 'x']], { width: 80, colors: colored });
    expect(text.split('\n')[1]).toBe('\u001b[31mc/1\u001b[39m  x');
  });

  it('paints many rows as it does a few', () => {
    const painted = [
      { title: 'ID', paint: (text: string, row: number) => (row % 2 ? text : colored.red(text)) },
      { title: 'N', align: 'right' },
    ] as const;
    const many = Array.from({ length: 300 }, (_, i) => [`c/${i}`, String(i)]);
    const few = renderTable(painted, many.slice(100, 104), { width: 80, colors: colored }).split('\n');
    const lines = renderTable(painted, many, { width: 80, colors: colored }).split('\n');
    expect(lines.slice(101, 105)).toEqual(few.slice(1));
    expect(lines[0]).toContain(colored.dim('ID'));
  });

  it('prints many rows, one line each and cut the same', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => [`c/${i}`, '3+3', 'x'.repeat(100)]);
    const lines = renderTable(columns, many, { width: 40, colors: plain }).split('\n');
    expect(lines).toHaveLength(20_001);
    expect(lines[0]).toBe('ID       TRIES  REASON');
    expect(lines[20_000]).toBe(`c/19999    3+3  ${'x'.repeat(23)}…`);
  });
});
