import type { Span } from '../domain/window';

/** A span of time, without an end where nothing is said of it. */
export interface OpenSpan {
  from: string | null;
  /** Not included. */
  to: string | null;
}

export const isIn = ({ from, to }: OpenSpan, time: string): boolean =>
  (from === null || Date.parse(time) >= Date.parse(from)) && (to === null || Date.parse(time) < Date.parse(to));

/** Whether a window has anything of a span; one without any length counts as its moment. */
export const isTouched = (span: OpenSpan, window: Span): boolean =>
  isIn(span, window.from) || (span.from !== null && isIn(window, span.from));
