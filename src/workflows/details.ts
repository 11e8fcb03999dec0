import type { State } from '../state';

/** What the Web UI shows of a source as its current details: Markdown, times and counts only. */
export function detailsOf(state: State, unpublished: { chats: number; messages: number }): string {
  const rows: [string, string][] = [['Synced through', state.syncedThrough ?? 'nothing yet']];
  if (state.paused) rows.push(['Paused', `since ${state.paused.since}: ${cell(state.paused.reason)}`]);
  const { unfinished, running } = state;
  if (unfinished) {
    const { window, counters, checkpoint } = unfinished;
    rows.push([running ? 'Reading' : 'Unfinished', `${window.from} to ${window.to}`]);
    rows.push(['Chats', String(counters.chats + unpublished.chats)]);
    rows.push(['Messages', String(counters.messages + unpublished.messages)]);
    rows.push(['Requests', String(counters.requests)]);
    if (checkpoint) rows.push(['Left of this page', String(checkpoint.left.length - unpublished.chats)]);
    if (unfinished.reason !== '') rows.push(['Ended early', cell(unfinished.reason)]);
    for (const warning of unfinished.warnings) rows.push(['Warning', cell(warning)]);
  }
  const policy = running?.policy;
  if (policy) {
    const { listing, messages, sink, requestsPerSecond, pageSize } = policy;
    rows.push([
      'Settings',
      `${listing} listing, ${messages} messages, ${sink} sink, ${requestsPerSecond}/s, pages of ${pageSize}`,
    ]);
    rows.push(['Filters', filtersOf(policy)]);
  }
  const last = state.reports.at(-1);
  if (last)
    rows.push([`Last sync (${last.n})`, cell(`${last.outcome}${last.reason === undefined ? '' : `: ${last.reason}`}`)]);
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

function filtersOf(policy: { organizationIds: string[]; projectIds: string[]; userIds: string[] }): string {
  const filters = [
    [policy.organizationIds.length, 'organizations'],
    [policy.projectIds.length, 'projects'],
    [policy.userIds.length, 'users'],
  ] as const;
  const set = filters.filter(([length]) => length > 0).map(([length, what]) => `${length} ${what}`);
  return set.length > 0 ? set.join(', ') : 'none';
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
