import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DestinationError } from '../../src/destinations/destination';
import { deliveryWorkflowId } from '../../src/contract';
import type { DeliveryView } from '../../src/delivery-chain';
import { recording, type Recording } from '../support/recording-destination';
import { startSource, type SourceUnderTest } from '../support/source-under-test';
import { until } from '../support/until';

const BACKFILL = { BACKFILL_START: '2026-01-01' };
let sut: SourceUnderTest;
afterEach(() => sut.close());

/** A destination that is down until it is mended. */
function breakable(): Recording & { isDown: boolean } {
  const destination = Object.assign(
    recording(() => {
      if (destination.isDown) throw new DestinationError('ECONNREFUSED', 'is down');
    }),
    { isDown: false },
  );
  return destination;
}

const idsOf = async (): Promise<string[]> => (await sut.records()).map(({ id }) => id).sort();
const sortedIds = (destination: Recording): string[] => [...destination.ids()].sort();

/** Waits until a destination has everything up to a line of the ledger. */
const delivered = (name: string, line = 1): Promise<DeliveryView> =>
  until(async () => {
    const view = await sut.delivery(name).view();
    return view?.state.position && view.state.position.entry > line ? view : null;
  });
const waiting = (name: string, text: string): Promise<DeliveryView> =>
  until(async () => {
    const view = await sut.delivery(name).view();
    return view?.waitingFor?.includes(text) && view.state.waiting ? view : null;
  });

describe('destinations', () => {
  it('get what a sync archives, each once, and one that is down holds up neither the other nor the sync', async () => {
    const [well, ill] = [recording(), breakable()];
    ill.isDown = true;
    sut = await startSource({ settings: BACKFILL, destinations: { well, ill } });
    const report = await sut.sync();
    expect(report).toMatchObject({ outcome: 'completed' });
    const { state } = await delivered('well');
    expect(state).toMatchObject({ records: report.messages, deliveredThrough: report.to, refused: 0 });
    expect(sortedIds(well)).toEqual(await idsOf());
    const { waitingFor, state: behind } = await waiting('ill', 'is down');
    expect(waitingFor).toBe('DestinationUnavailable: is down (ECONNREFUSED)');
    expect(behind).toMatchObject({ deliveredThrough: null, behind: { records: report.messages } });
    expect(ill.ids()).toEqual([]);
    const requests = sut.simulator.requests.length;
    ill.isDown = false;
    const { state: mended } = await delivered('ill');
    expect(mended).toMatchObject({ behind: { records: 0, parts: 0 } });
    expect(mended.waiting).toBeUndefined();
    expect(sortedIds(ill)).toEqual(await idsOf());
    expect(sut.simulator.requests).toHaveLength(requests);
  });

  it('that are new get the whole archive, without a request to the API', async () => {
    sut = await startSource({ settings: BACKFILL });
    await sut.sync();
    const requests = sut.simulator.requests.length;
    const late = recording();
    sut.serve({ late });
    await sut.restart();
    await delivered('late');
    expect(sortedIds(late)).toEqual(await idsOf());
    expect(sut.simulator.requests).toHaveLength(requests);
  });

  it('that are taken out keep their place, and go on from it', async () => {
    const some = recording();
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    await delivered('some');
    sut.serve({});
    await sut.restart();
    const before = some.ids().length;
    await sut.nextSync();
    expect(await sut.delivery('some').workers()).toBeLessThanOrEqual(1);
    sut.serve({ some });
    await sut.restart();
    await delivered('some', 2);
    expect(sortedIds(some)).toEqual(await idsOf());
    expect(some.ids().length).toBeGreaterThanOrEqual(before);
  });

  it('hear of windows without messages, and nothing is written for them', async () => {
    const some = recording();
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    await delivered('some');
    const deliveries = some.deliveries.length;
    const { to } = await sut.nextSync();
    expect((await delivered('some', 2)).state.deliveredThrough).toBe(to);
    expect(some.deliveries).toHaveLength(deliveries);
  });
});

describe('the chain of a destination', () => {
  it('is paused, also while it waits, and goes on', async () => {
    const some = breakable();
    some.isDown = true;
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    await waiting('some', 'is down');
    await sut.delivery('some').pause('maintenance');
    const paused = await until(async () => {
      const view = await sut.delivery('some').view();
      return view?.state.paused && !view.state.waiting ? view : null;
    });
    expect(paused.state.paused).toMatchObject({ reason: 'maintenance' });
    some.isDown = false;
    await sut.nextSync();
    expect(some.ids()).toEqual([]);
    await sut.delivery('some').resume();
    await delivered('some', 2);
    expect(sortedIds(some)).toEqual(await idsOf());
  });

  it('delivers again after a rewind, and only from there', async () => {
    const some = recording();
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    const { to } = await sut.sync();
    await delivered('some');
    const all = some.ids().length;
    await sut.delivery('some').rewind({ to: '2026-01-01' });
    await until(() => some.ids().length === 2 * all);
    await sut.delivery('some').rewind({ to: to ?? '' });
    const { state } = await until(async () => {
      const view = await sut.delivery('some').view();
      return view?.state.deliveredThrough === to && view.state.start === to ? view : null;
    });
    expect(state.position).toMatchObject({ epoch: state.epoch, entry: 2 });
    expect(some.ids()).toHaveLength(2 * all);
    await expect(sut.delivery('some').rewind({ to: '2999-01-01' })).rejects.toThrow('is in the future');
    await expect(sut.delivery('none').rewind({ to: '2026-01-01' })).rejects.toThrow('never had a destination none');
  });

  it('sets aside what is refused, shows it, and delivers it when asked to', async () => {
    const bad = new Set<string>();
    const some = recording(({ records }) => {
      bad.add(records.at(-1)!.id);
      return records.filter(({ id }) => isBad && bad.has(id)).map(({ id }) => ({ id, code: 'odd' }));
    });
    let isBad = true;
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    const { state } = await delivered('some');
    expect(state.refused).toBe(bad.size);
    const lines = (await readFile(join(sut.folder, 'refused', 'some.jsonl'), 'utf8')).split('\n').slice(0, -1);
    expect(lines).toHaveLength(bad.size);
    isBad = false;
    await sut.delivery('some').rewind({ refused: true });
    await until(async () => (await sut.delivery('some').view())?.state.refused === 0);
    expect(sortedIds(some)).toEqual(await idsOf());
  });

  it('goes on from its memo when it was terminated', async () => {
    const some = recording();
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    await delivered('some');
    const handle = sut.client.workflow.getHandle(deliveryWorkflowId(sut.source.name, 'some'));
    await sut.delivery('some').pause('why');
    await handle.terminate();
    await sut.nextSync();
    const view = await until(async () => {
      const seen = await sut.delivery('some').view();
      return (await handle.describe()).status.name === 'RUNNING' ? seen : null;
    });
    expect(view.state).toMatchObject({ paused: { reason: 'why' }, position: { entry: 2 } });
  });

  it('is cancelled in a delivery, and goes on in a new run', async () => {
    const some = breakable();
    some.isDown = true;
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    await waiting('some', 'is down');
    const handle = sut.client.workflow.getHandle(deliveryWorkflowId(sut.source.name, 'some'));
    const before = (await handle.describe()).runId;
    await handle.cancel();
    await until(async () => (await handle.describe()).runId !== before);
    some.isDown = false;
    await delivered('some');
    expect(sortedIds(some)).toEqual(await idsOf());
  });

  it("keeps nobody's words: its history has ids, places and figures", async () => {
    const some = recording(({ records }) => {
      if (records.length > 1) throw new DestinationError('bad', 'does not take it', 'refused');
      return records.map(({ id }) => ({ id, code: 'odd' })).filter((_, i) => i > 0);
    });
    sut = await startSource({ settings: BACKFILL, destinations: { some } });
    await sut.sync();
    await delivered('some');
    const handle = sut.client.workflow.getHandle(deliveryWorkflowId(sut.source.name, 'some'));
    const history = JSON.stringify(await handle.fetchHistory());
    const decoded = history.replace(/"data":"([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
      Buffer.from(data, 'base64').toString(),
    );
    expect(decoded).toContain('deliver');
    for (const { content, chat_name: name, chat_user: user } of await sut.records()) {
      const [{ text } = { text: '' }] = content as { text?: string }[];
      if (text && text.length > 10) expect(decoded).not.toContain(text.slice(0, 40));
      if (name.length > 5) expect(decoded).not.toContain(name);
      if (user) expect(decoded).not.toContain(user.email_address);
    }
  });
});
