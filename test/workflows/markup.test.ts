import { createTenant } from '../../simulator';
import { newState, type State } from '../../src/domain/state';
import { detailsOf } from '../../src/workflows/details';
import { code } from '../../src/text/markdown';
import { startSource, type SourceUnderTest } from '../support/source-under-test';

const EVIL = [
  '[session expired](https://evil.example/login)',
  '![x](https://evil.example/p.png)',
  '<img src=https://evil.example/p.png>',
  'https://evil.example',
  '`[a](https://evil.example)`',
  '``[a](https://evil.example)``',
  'a | b | [c](https://evil.example)',
  '\\`[a](https://evil.example)',
  'a\n\n# [b](https://evil.example)',
  '\u202e**x**',
];
const TIME = '2026-11-25T18:00:00.000Z';

/** What a reader of Markdown takes for anything but code. */
const outsideCode = (text: string): string => text.replaceAll(/`[^`\n]*`/g, '');

describe('what others have written', () => {
  it.each(EVIL)('is code, where nothing is markup: %j', (text) => {
    expect(code(text)).toMatch(/^`[^`\n]+`$/);
    expect(code(text)).not.toMatch(/(^|[^\\])\|/);
  });

  it('stays so wherever the current details quote it', () => {
    const text = EVIL.join(' ');
    const figures = {
      chats: 0,
      messages: 0,
      requests: 0,
      gone: 0,
      skipped: 0,
      conflicts: 0,
      unexplained: 0,
      parked: 1,
    };
    const state: State = {
      ...newState('s'),
      paused: { reason: text, since: TIME },
      parked: EVIL.map((chatId) => ({ chatId, from: TIME, to: TIME, reason: text, since: TIME })),
      reports: [
        { n: 1, source: 's', outcome: 'failed', from: TIME, to: TIME, ...figures, warnings: EVIL, reason: text },
      ],
      unfinished: {
        window: { epoch: 0, from: TIME, to: TIME },
        checkpoint: null,
        counters: { ...figures, violations: 0 },
        toRetry: [],
        warnings: EVIL,
        reason: text,
      },
    };
    const details = detailsOf(state, {
      unpublished: { chats: 0, messages: 0 },
      policy: undefined,
      checkpoint: undefined,
      pace: null,
    });
    expect(details).toContain('session expired');
    expect(outsideCode(details)).not.toMatch(/evil|session|[<[*\]]/);
    const [, table = ''] = details.split('\n\n');
    for (const line of table.split('\n')) expect(line).toMatch(/^\|.*\|$/);
  });
});

describe('the summaries of activities', () => {
  let under: SourceUnderTest;
  afterEach(() => under.close());

  it('quote ids as code too, and short enough for Temporal', async () => {
    const tenant = createTenant({ chats: 1 });
    const ids = ['[session](https://evil.example)', `long-${'\u{1d4b3}'.repeat(120)}`];
    for (const id of ids) tenant.addMessage(tenant.addChat({ id, at: Date.parse('2026-09-01') }).id);
    under = await startSource({ simulator: { tenant }, settings: { BACKFILL_START: '2026-08-01' } });
    const run = under.client.workflow.getHandle(under.chain.workflowId, await under.nextRun());

    expect(await under.sync()).toMatchObject({ outcome: 'completed', chats: 3 });

    const { events } = await run.fetchHistory();
    const summaries = (events ?? []).flatMap(({ userMetadata }) =>
      userMetadata?.summary?.data ? [JSON.parse(Buffer.from(userMetadata.summary.data).toString()) as string] : [],
    );
    expect(summaries).toContain('`[session](https://evil.example)`');
    expect(summaries.join('\n')).toContain('`long-');
    for (const summary of summaries) expect(Buffer.byteLength(JSON.stringify(summary))).toBeLessThanOrEqual(400);
  });
});
