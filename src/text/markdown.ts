import { cut } from './cut';
import { printable } from './printable';

/** A summary in the Web UI takes 400 bytes. */
const LONGEST_BYTES = 300;

/**
 * Text that may hold anything, for the Web UI, which shows Markdown: as code, where nothing is a link or other markup, also
 * in a table.
 */
export const code = (text: string): string =>
  text === '' ? '' : `\`${printable(text).replaceAll('`', "'").replaceAll('|', '\\|')}\``;

/** The same, short enough for an activity's summary. */
export const shortCode = (text: string): string => code(cut(printable(text), LONGEST_BYTES));
