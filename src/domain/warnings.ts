import type { Policy } from '../config/policy';
import type { State } from './state';
import { clockSkew } from './window';

const SKEW_WARNING_MS = 60_000;

/** Warnings about the API server's clock. @param now The workflow's clock, ms. @param serverTime Null if unknown. */
export function clockWarnings({ syncedThrough }: State, now: number, serverTime: string | null): string[] {
  const warnings: string[] = [];
  const skewMs = clockSkew(now, serverTime);
  if (Math.abs(skewMs) > SKEW_WARNING_MS) {
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    warnings.push(`the API server's clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this one`);
  }
  if (serverTime !== null && syncedThrough !== null && Date.parse(serverTime) < Date.parse(syncedThrough)) {
    warnings.push(
      `the API server's clock has gone back behind the timestamp ${syncedThrough}: what is written until it has passed that is missed; once it has, \`chat-sync rewind --to ${serverTime}\` brings it`,
    );
  }
  return warnings;
}

/** Warns of changed filters: they apply from the timestamp on. */
export function filterWarnings(policy: Policy, state: State): string[] {
  const warnings: string[] = [];
  if (state.syncedThrough !== null && state.filters !== undefined && state.filters !== policy.filters) {
    const earlier = policy.censusEveryMs > 0 ? 'come with the next census' : 'are not there';
    warnings.push(
      `the filters changed: they apply from ${state.syncedThrough} on; earlier messages of what was added ${earlier} (\`chat-sync verify --chats --repair\` brings them at once)`,
    );
  }
  return warnings;
}
