import type { DeliveryState } from '../domain/delivery';
import { code, table } from '../text/markdown';
import { counted } from '../text/counted';

/** A destination's current details for the Web UI: Markdown, in which text from elsewhere is formatted as code. */
export function deliveryDetailsOf(state: DeliveryState): string {
  const { deliveredThrough, records, behind, refused, shortened, missed, waiting, paused } = state;
  const rows: [string, string][] = [];
  // First, as the page shows five lines.
  if (waiting) rows.push(['Waiting', `since ${waiting.since}: ${code(waiting.reason)}`]);
  if (paused) rows.push(['Paused', `since ${paused.since}: ${code(paused.reason)}`]);
  rows.push(['Delivered through', deliveredThrough ?? 'nothing yet'], ['Records', String(records)]);
  if (behind && behind.parts > 0)
    rows.push(['Behind', `${counted(behind.records, 'record')} in ${counted(behind.parts, 'part')}`]);
  if (refused > 0)
    rows.push(['Refused', `${refused}: \`refused/${state.destination}.jsonl\` in the archive names them`]);
  if (shortened > 0) rows.push(['Shortened', `${shortened}, too large for the destination`]);
  if (missed > 0) rows.push(['Missed', `${missed}, removed from the archive before they were delivered`]);
  return `The destination ${code(state.destination)} of the source ${code(state.source)}.\n\n${table(rows)}`;
}
