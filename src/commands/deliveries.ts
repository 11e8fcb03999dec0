import { setTimeout as sleep } from 'node:timers/promises';
import { createDeliveryChain, destinationsOf, type DeliveryChain, type DeliveryView } from '../delivery-chain';
import { newDeliveryState } from '../domain/delivery';
import { UnreadableStateError } from '../domain/source-view';
import { isTransient } from '../temporal/update-errors';
import { duration } from './report';
import { print, say, type Session } from './session';
import { counted } from '../text/counted';

const LOOK_EVERY_MS = 500;
const SAY_EVERY_MS = 60_000;

/** A destination in `status --json`. */
export interface DestinationStatus {
  name: string;
  /** No worker's DESTINATIONS names it any more, though one serves the source. */
  takenOut: boolean;
  deliveredThrough: string | null;
  behindSeconds: number | null;
  recordsBehind: number | null;
  partsBehind: number | null;
  waitingFor: string | null;
  waitingSince: string | null;
  paused: false | { reason: string; since: string };
  records: number;
  refused: number;
  shortened: number;
  /** Removed from the archive before they were delivered. */
  missed: number;
}

/** What is known of each destination of a source. @param workers How many workers serve the source. */
export async function destinationStatuses({ client, source }: Session, workers: number): Promise<DestinationStatus[]> {
  const names = await destinationsOf(client, source.name);
  const all = names.map(async (name) => {
    const chain = createDeliveryChain(client, source.name, name);
    const [view, servers] = await Promise.all([viewOf(chain), chain.workers()]);
    return view && statusOf(view, workers > 0 && servers === 0, servers);
  });
  return (await Promise.all(all)).filter((status) => status !== null);
}

/** A chain that something else has started is shown with what is wrong, and nothing more. */
async function viewOf(chain: DeliveryChain): Promise<DeliveryView | null> {
  return chain.view().catch((error: unknown) => {
    if (!(error instanceof UnreadableStateError)) throw error;
    return { state: newDeliveryState('', chain.destination), waitingFor: error.message };
  });
}

function statusOf({ state, waitingFor }: DeliveryView, takenOut: boolean, workers: number): DestinationStatus {
  const { destination: name, deliveredThrough, behind, records, refused, shortened, missed, waiting, paused } = state;
  return {
    ...{ name, takenOut, deliveredThrough },
    behindSeconds: deliveredThrough === null ? null : Math.round((Date.now() - Date.parse(deliveredThrough)) / 1000),
    recordsBehind: behind?.records ?? null,
    partsBehind: behind?.parts ?? null,
    waitingFor: takenOut || paused ? null : workers === 0 ? 'a worker' : waitingFor,
    waitingSince: waiting?.since ?? null,
    paused: paused ?? false,
    ...{ records, refused, shortened, missed },
  };
}

export const isDelivering = (status: DestinationStatus, maxBehindMs: number): boolean =>
  status.takenOut || (!status.paused && status.behindSeconds !== null && status.behindSeconds * 1000 <= maxBehindMs);

/** A destination in words. */
export function destinationLines(status: DestinationStatus): string[] {
  const { name, takenOut, deliveredThrough, behindSeconds, recordsBehind, partsBehind, refused, paused } = status;
  const through =
    deliveredThrough === null
      ? 'nothing delivered yet'
      : `delivered through ${deliveredThrough}, ${duration((behindSeconds ?? 0) * 1000)} behind now`;
  const left =
    (partsBehind ?? 0) > 0
      ? `, ${counted(recordsBehind ?? 0, 'record')} in ${counted(partsBehind ?? 0, 'part')} to go`
      : '';
  const since = status.waitingSince === null ? '' : ` since ${status.waitingSince}`;
  return [
    `destination ${name}: ${through}${left}${takenOut ? '; DESTINATIONS does not name it any more' : ''}`,
    ...(paused ? [`  paused since ${paused.since}: ${paused.reason || 'no reason given'}`] : []),
    ...(status.waitingFor === null ? [] : [`  waiting${since} for: ${status.waitingFor}`]),
    ...(refused > 0
      ? [`  ${counted(refused, 'record')} refused: refused/${name}.jsonl in the archive names them`]
      : []),
    ...(status.missed > 0
      ? [`  ${status.missed} records had been removed from the archive (ARCHIVE_KEEP) before they were delivered`]
      : []),
    ...(status.shortened > 0 ? [`  ${counted(status.shortened, 'record')} delivered shortened`] : []),
  ];
}

/**
 * Waits until destinations have everything up to a line of the archive's ledger, however long that takes, and prints a line for each. Says
 * each minute what one waits for.
 * @param names Those of the source that are served, if not given.
 */
export async function awaitDelivered(
  { client, source }: Session,
  entry: number,
  names?: readonly string[],
): Promise<void> {
  const all = names ?? (await destinationsOf(client, source.name));
  const chains = all.map((name) => createDeliveryChain(client, source.name, name));
  await Promise.all(
    chains.map(async (chain) => {
      if (names === undefined && (await chain.workers()) === 0) {
        return say(`destination ${chain.destination}: no worker's DESTINATIONS names it: not waited for`);
      }
      const { state } = await delivered(chain, entry);
      const refused = state.refused > 0 ? `, ${state.refused} refused` : '';
      print(
        `${chain.destination}: ${counted(state.records, 'record')} so far, delivered through ${state.deliveredThrough ?? 'nothing'}${refused}`,
      );
    }),
  );
}

async function delivered(chain: DeliveryChain, entry: number): Promise<DeliveryView> {
  let saidAt = Date.now() - SAY_EVERY_MS;
  for (; ; await sleep(LOOK_EVERY_MS)) {
    const view = await chain.view().catch((error: unknown) => {
      if (!isTransient(error)) throw error;
      return null;
    });
    if (view?.state.position && view.state.position.entry > entry) return view;
    const waitingFor = view?.state.paused ? '`chat-sync resume --destination`' : view?.waitingFor;
    if (!waitingFor || Date.now() - saidAt < SAY_EVERY_MS) continue;
    say(`destination ${chain.destination} waits for: ${waitingFor}`);
    saidAt = Date.now();
  }
}
