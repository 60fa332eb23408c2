/** A column of a table for people. */
export interface Column<T> {
  readonly title: string;
  of(row: T): string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
  /** Longer cells are cut. */
  readonly max?: number;
}

const GAP = '  ';

/**
 * The rows under their titles. Names of rooms and robots come from anywhere: what would move a terminal's cursor is shown
 * as `?`. Where the lines are wider than `width`, the last column is cut.
 */
export function columns<T>(table: readonly Column<T>[], rows: readonly T[], width = Infinity): string[] {
  const cells = rows.map((row) => table.map((column) => shortened(plain(column.of(row)), column.max ?? Infinity)));
  const widths = table.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => {
        if (i === table.length - 1) return shortened(text, Math.max(4, width - before)).padStart(table[i]?.right === true ? (widths[i] ?? 0) : 0);
        return table[i]?.right === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
      })
      .join(GAP)
      .trimEnd();
  return [line(table.map(({ title }) => title)), ...cells.map(line)];
}

/** Text of others as a terminal may show it: no control character, no mark that turns the direction of writing. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');

const shortened = (text: string, max: number): string => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);
