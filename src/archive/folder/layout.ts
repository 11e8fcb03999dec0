import type { Window } from '../../domain/window';

/** Folder of work in progress, beside `messages` and `ledger.jsonl`. */
export const STAGING = '.staging';
export const MESSAGES = 'messages';
export const LEDGER = 'ledger.jsonl';
/** Says which archive the folder of a source is. */
export const MARKER = 'archive.json';

const SLOT = /^ledger-(\d+)$/;

/** The name in {@link STAGING} of what decides which line comes at a position of the ledger. */
export const slotName = (position: number): string => `ledger-${position}`;

/** The position that a name in {@link STAGING} is the slot of; Infinity for any other name. */
export const slotPosition = (name: string): number => Number(SLOT.exec(name)?.[1] ?? Infinity);

/** `20260408T143045Z` */
function stamp(time: string): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** The day folder that all parts of a window go to, as names below the source's folder. */
export function dayFolder(window: Window): [string, string] {
  return [MESSAGES, new Date(window.to).toISOString().slice(0, 10)];
}

/** A part's path below the source's folder; always with `/`. */
export function partPath(window: Window, number: number): string {
  return `${dayFolder(window).join('/')}/${stamp(window.to)}-${String(number).padStart(6, '0')}.ndjson`;
}

/** The number in the name of a part of a window with the same end; 0 for any other name. */
export function partNumber(window: Window, name: string): number {
  const [end, number] = name.replace(/\.ndjson$/, '').split('-');
  return end === stamp(window.to) && number !== undefined && /^\d{6,}$/.test(number) ? Number(number) : 0;
}

/** Whether a file in a day's folder is a part of a window with this end. */
export const isPartOf = (window: Window, path: string): boolean =>
  path.startsWith(`${dayFolder(window).join('/')}/${stamp(window.to)}-`);

/** The window's folder in {@link STAGING}. */
export function windowFolder(window: Window): string {
  return `${window.epoch}-${stamp(window.from)}-${stamp(window.to)}`;
}

/** The window whose folder in {@link STAGING} has this name; null for any other name. */
export function windowOf(name: string): Window | null {
  const [, epoch, from, to] = /^(\d+)-(\d{8}T\d{6}Z)-(\d{8}T\d{6}Z)$/.exec(name) ?? [];
  if (epoch === undefined || from === undefined || to === undefined) return null;
  return { epoch: Number(epoch), from: timeOf(from), to: timeOf(to) };
}

/** Of a {@link stamp}. */
function timeOf(text: string): string {
  return text.replace(/^(....)(..)(..T)(..)(..)(..)Z$/, '$1-$2-$3$4:$5:$6.000Z');
}

/** Whether a name in {@link STAGING} is the folder of an earlier window. */
export function isOlderWindow(name: string, window: Window): boolean {
  const other = windowOf(name);
  if (other === null || isSameWindow(other, window)) return false;
  return other.epoch < window.epoch || (other.epoch === window.epoch && Date.parse(other.to) <= Date.parse(window.to));
}

export function isSameWindow(a: Window, b: Window): boolean {
  return windowFolder(a) === windowFolder(b);
}
