import { cut } from './cut';
import { printable } from './printable';

/** Temporal limits a summary to 400 bytes. */
const LONGEST_BYTES = 300;

/** Formats untrusted text as code for the Web UI, which renders Markdown: no link or markup, also in a table. */
export const code = (text: string): string =>
  text === '' ? '' : `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;

/** A table of names and values, for the Web UI. */
export const table = (rows: readonly (readonly [name: string, value: string])[]): string =>
  ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');

/** {@link code}, short enough for an activity's summary. */
export const shortCode = (text: string): string => code(cut(printable(text), LONGEST_BYTES));
