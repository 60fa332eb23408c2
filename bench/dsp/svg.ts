/** A small line and bar plotter: one file, no styles from outside, readable on light and dark pages. */
const INK = '#1f2430';
const FAINT = '#d5d9e0';
const FONT = 'font-family="system-ui, sans-serif"';
export const COLOURS = ['#0b6e4f', '#1f77d0', '#7b4fc9', '#d1495b', '#e08a00', '#8a8f98', '#b5651d', '#5c3a1e'];

export interface Line {
  readonly label: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export interface Plot {
  readonly title: string;
  readonly note: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const text = (x: number, y: number, content: string, extra = ''): string => `<text x="${x}" y="${y}" ${FONT} font-size="13" fill="${INK}" ${extra}>${escape(content)}</text>`;

function page(width: number, height: number, title: string, note: string, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(24, 30, title, 'font-weight="600"').replace('font-size="13"', 'font-size="17"'),
    text(24, 51, note, 'fill-opacity="0.75"'),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

export function drawPlot(plot: Plot): string {
  const [left, top, width, height] = [76, 72, 620, 320];
  const px = (x: number): number => left + ((x - plot.x.from) / (plot.x.to - plot.x.from)) * width;
  const py = (y: number): number => top + height - ((Math.min(plot.y.to, Math.max(plot.y.from, y)) - plot.y.from) / (plot.y.to - plot.y.from)) * height;
  const body: string[] = [];
  const decimals = (step: number): number => Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  for (let x = plot.x.from; x <= plot.x.to + 1e-9; x += plot.x.step) {
    body.push(`<line x1="${px(x)}" y1="${top}" x2="${px(x)}" y2="${top + height}" stroke="${FAINT}"/>`);
    body.push(text(px(x), top + height + 19, x.toFixed(decimals(plot.x.step)), 'text-anchor="middle"'));
  }
  for (let y = plot.y.from; y <= plot.y.to + 1e-9; y += plot.y.step) {
    body.push(`<line x1="${left}" y1="${py(y)}" x2="${left + width}" y2="${py(y)}" stroke="${FAINT}"/>`);
    body.push(text(left - 8, py(y) + 4, (Math.abs(y) < 1e-9 ? 0 : y).toFixed(decimals(plot.y.step)), 'text-anchor="end"'));
  }
  body.push(text(left + width / 2, top + height + 42, plot.x.label, 'text-anchor="middle"'));
  body.push(text(0, 0, plot.y.label, `text-anchor="middle" transform="translate(20 ${top + height / 2}) rotate(-90)"`));
  for (const [i, line] of plot.lines.entries()) {
    const points = line.x.map((x, k) => [x, line.y[k] as number] as const).filter(([x]) => x >= plot.x.from && x <= plot.x.to);
    const path = points.map(([x, y], k) => `${k === 0 ? 'M' : 'L'}${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join('');
    body.push(`<path d="${path}" fill="none" stroke="${line.colour}" stroke-width="1.8" ${line.dashed ? 'stroke-dasharray="5 4"' : ''}/>`);
    const y = top + 10 + 22 * i;
    body.push(`<line x1="${left + width + 16}" y1="${y - 4}" x2="${left + width + 40}" y2="${y - 4}" stroke="${line.colour}" stroke-width="2.4" ${line.dashed ? 'stroke-dasharray="5 4"' : ''}/>`);
    body.push(text(left + width + 46, y, line.label));
  }
  return page(left + width + 230, top + height + 60, plot.title, plot.note, body);
}

export interface BarRow {
  readonly label: string;
  readonly detail: string;
  readonly values: readonly number[];
  readonly colour: string;
}

/** One strip of bars for each row, all on one scale: what every call delivered. */
export function drawStrips(title: string, note: string, rows: readonly BarRow[], most: number, callLabel: string): string {
  const [left, top, width, strip] = [220, 78, 600, 84];
  const body: string[] = [];
  for (const [r, row] of rows.entries()) {
    const base = top + (r + 1) * strip - 10;
    const each = width / row.values.length;
    body.push(`<line x1="${left}" y1="${base}" x2="${left + width}" y2="${base}" stroke="${FAINT}"/>`);
    body.push(text(left - 12, base - 20, row.label, 'text-anchor="end" font-weight="600"'));
    body.push(text(left - 12, base - 3, row.detail, 'text-anchor="end" fill-opacity="0.75"').replace('font-size="13"', 'font-size="12"'));
    row.values.forEach((value, i) => {
      const h = (Math.min(value, most) / most) * (strip - 16);
      if (value > 0) body.push(`<rect x="${(left + i * each + 1).toFixed(1)}" y="${(base - h).toFixed(1)}" width="${(each - 2).toFixed(1)}" height="${h.toFixed(1)}" fill="${row.colour}"/>`);
      else body.push(`<circle cx="${(left + (i + 0.5) * each).toFixed(1)}" cy="${base - 3}" r="1.6" fill="${row.colour}"/>`);
    });
  }
  body.push(text(left, top + rows.length * strip + 16, callLabel));
  return page(left + width + 30, top + rows.length * strip + 34, title, note, body);
}

/** Horizontal bars on a logarithmic scale. */
export function drawCosts(title: string, note: string, rows: readonly { readonly label: string; readonly value: number; readonly colour: string }[], unit: string): string {
  const [left, top, width, step] = [250, 74, 480, 24];
  const low = Math.floor(Math.log10(Math.min(...rows.map((row) => row.value))));
  const high = Math.ceil(Math.log10(Math.max(...rows.map((row) => row.value))));
  const px = (value: number): number => left + ((Math.log10(value) - low) / (high - low)) * width;
  const body: string[] = [];
  for (let e = low; e <= high; e++) {
    body.push(`<line x1="${px(10 ** e)}" y1="${top}" x2="${px(10 ** e)}" y2="${top + rows.length * step}" stroke="${FAINT}"/>`);
    body.push(text(px(10 ** e), top + rows.length * step + 18, `${10 ** e}`, 'text-anchor="middle"'));
  }
  rows.forEach((row, i) => {
    const y = top + i * step;
    body.push(`<rect x="${left}" y="${y + 4}" width="${Math.max(1, px(row.value) - left).toFixed(1)}" height="${step - 8}" fill="${row.colour}"/>`);
    body.push(text(left - 10, y + 16, row.label, 'text-anchor="end"'));
    body.push(text(px(row.value) + 6, y + 16, row.value < 1000 ? row.value.toPrecision(3) : row.value.toFixed(0)));
  });
  body.push(text(left + width / 2, top + rows.length * step + 38, unit, 'text-anchor="middle"'));
  return page(left + width + 90, top + rows.length * step + 54, title, note, body);
}
