/** Columns side by side; a cell of several lines makes its row as high. */
export function table(head: readonly string[], rows: readonly (readonly (string | readonly string[])[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? [cell] : cell)));
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => Math.max(0, ...(row[i] ?? []).map((line) => line.length)))));
  const line = (texts: readonly string[]): string => texts.map((text, i) => text.padEnd(widths[i] ?? 0)).join('  ').trimEnd();
  const lines = [line(head), line(widths.map((width) => '-'.repeat(width)))];
  for (const row of cells) {
    const height = Math.max(1, ...row.map((cell) => cell.length));
    for (let i = 0; i < height; i++) lines.push(line(row.map((cell) => cell[i] ?? '')));
  }
  return lines.join('\n');
}
