export type Column<Row> = readonly [title: string, value: (row: Row) => string];

/** The figures of scenarios of one kind. */
export interface Table<Row> {
  readonly title: string;
  readonly columns: readonly Column<Row>[];
}

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Renders rows as Markdown; nothing if there are none. */
export function render<Row>({ title, columns }: Table<Row>, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const lines = [
    columns.map(([heading]) => heading),
    columns.map(() => '---'),
    ...rows.map((row) => columns.map(([, value]) => value(row))),
  ];
  return [`${title}:\n\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`];
}

export const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const percent = (share: number): string => `${number(share * 100, 1)} %`;

export const kibibytes = (bytes: number, digits = 0): string => `${number(bytes / KIBIBYTE, digits)} KiB`;

/** @param bytes Null: on this system it is not known. */
export const mebibytes = (bytes: number | null): string =>
  bytes === null ? 'not available' : `${number(bytes / MEBIBYTE, bytes < 10 * MEBIBYTE ? 1 : 0)} MiB`;
