import type { Report } from '../domain/state';
import { counted } from '../text/counted';

/** The report for `sync --json` and `status --json`, without what leads to it in Temporal. */
export function publicReport({ n, runId, ...report }: Report): Omit<Report, 'n' | 'runId'> {
  return report;
}

/** The report in words, as lines. */
export function reportLines(report: Report): string[] {
  const { outcome, from, to, chats, messages, requests, gone, skipped, conflicts, unexplained, parked } = report;
  const { warnings, reason } = report;
  if (outcome === 'refused') return [`refused: ${reason ?? ''}`];
  const window = from === null || to === null ? 'before a window was opened' : `${from} to ${to}`;
  const extras = [
    gone > 0 ? `${gone} gone` : '',
    skipped > 0 ? `${skipped} left out by filters` : '',
    conflicts > 0 ? `${counted(conflicts, 'message')} that came twice, otherwise` : '',
    unexplained > 0 ? `${unexplained} changed without a message` : '',
    parked > 0 ? `${parked} parked` : '',
  ].filter((extra) => extra !== '');
  const figures = [counted(chats, 'chat'), counted(messages, 'message'), counted(requests, 'request'), ...extras].join(
    ', ',
  );
  return [
    `${outcome}: ${window}`,
    `  ${figures}`,
    ...warnings.map((warning) => `  warning: ${warning}`),
    ...(reason === undefined ? [] : [`  ${reason}`]),
  ];
}

/** A duration as `3 min` or `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}
