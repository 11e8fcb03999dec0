import { styleText } from 'node:util';

/** How a line begins that says how something went. */
const GRADES = [
  ['green', /^\s*(ok|right|completed)\b/],
  ['yellow', /^\s*(warn|warning|paused|parked|unfinished)\b/],
  ['red', /^\s*(fail|failed|wrong|refused|error)\b/],
] as const;

/** A stream's `hasColors` is false if `NO_COLOR` is set (https://no-color.org), or by what the terminal is. */
export type Terminal = Pick<NodeJS.WriteStream, 'isTTY'> & Partial<Pick<NodeJS.WriteStream, 'hasColors'>>;

/** Colours the word by which a line says how something went; only on a terminal that has colours. */
export function graded(line: string, terminal: Terminal): string {
  if (!terminal.isTTY || !terminal.hasColors?.()) return line;
  for (const [color, begins] of GRADES) {
    if (begins.test(line)) return line.replace(begins, (word) => styleText(color, word, { validateStream: false }));
  }
  return line;
}
