// A terminal's screen, with its colour escapes, as an SVG picture.

const palette = ['#1e2430', '#f2777a', '#99cc99', '#ffcc66', '#6699cc', '#cc99cc', '#66cccc', '#d3d7de'];
const bright = ['#747d8c', '#ff8a8d', '#b5e6b5', '#ffe08a', '#8fb8ea', '#e5b5e5', '#8ae6e6', '#ffffff'];
const [cellWidth, lineHeight, padding] = [8.4, 18, 16];

const escapeXml = (text) =>
  text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char]);

/** Splits a line into runs of one style. */
function* runsOf(line, style) {
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    const codes = /^\u001b\[([0-9;]*)m$/.exec(part);
    if (codes) apply(style, codes[1].split(';').map(Number));
    else if (part !== '') yield { text: part, ...style };
  }
}

function apply(style, codes) {
  for (const code of codes) {
    if (code === 0) Object.assign(style, { color: undefined, bold: false, dim: false });
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 22) Object.assign(style, { bold: false, dim: false });
    else if (code === 39) style.color = undefined;
    else if (code >= 30 && code <= 37) style.color = palette[code - 30];
    else if (code >= 90 && code <= 97) style.color = bright[code - 90];
  }
}

/** The picture of `screen`; blank lines at its end are left out. */
export function svgOfScreen(screen, columns) {
  const lines = screen.replace(/(\s|\u001b\[[0-9;]*m)+$/, '').split('\n');
  const [width, height] = [columns * cellWidth + 2 * padding, lines.length * lineHeight + 2 * padding];
  const style = { color: undefined, bold: false, dim: false };
  const rows = lines.map((line, row) => {
    let column = 0;
    const spans = [...runsOf(line, style)].map(({ text, color, bold, dim }) => {
      const x = padding + column * cellWidth;
      column += [...text].length;
      const looks = `${color ? ` fill="${color}"` : ''}${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`;
      return `<tspan x="${x.toFixed(1)}"${looks}>${escapeXml(text)}</tspan>`;
    });
    return `<text y="${padding + (row + 0.75) * lineHeight}">${spans.join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A terminal session: dead letters are listed, one is shown, all are replayed">
<rect width="100%" height="100%" rx="8" fill="#1e2430"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#d3d7de" xml:space="preserve">
${rows.join('\n')}
</g>
</svg>
`;
}
