import { FOLLOW_UPS, type Topic } from './demo-texts';
import type { Block } from './model';
import type { Random } from './random';
import type { NewMessage } from './tenant';

/** A feature that only few chats of the demo have. */
export type Speciality = 'none' | 'tools' | 'unknown-blocks' | 'attachments' | 'silent';

type Content = Pick<NewMessage, 'content' | 'files' | 'generatedFiles' | 'artifacts' | 'extra'>;

/**
 * The content of a message, with blocks and attachments of the chat's speciality. @param turn From 0; odd is the
 * answer.
 */
export function demoMessage(topic: Topic, turn: number, speciality: Speciality, random: Random): Content {
  const text = turnText(topic, turn);
  const answer = turn % 2 === 1;
  if (speciality === 'tools' && answer) return { content: toolBlocks(text, turn, random) };
  if (speciality === 'unknown-blocks') return unknownBlocks(text, answer);
  if (speciality === 'attachments') return answer ? results(text, random) : uploads(text, random);
  return { content: text };
}

function turnText(topic: Topic, turn: number): string {
  const own = topic.turns[turn];
  if (own !== undefined) return own;
  // After the topic's own turns: a question and its answer have the same index.
  const followUp = FOLLOW_UPS[(Math.floor(turn / 2) + topic.name.length) % FOLLOW_UPS.length];
  return (turn % 2 === 0 ? followUp?.user : followUp?.assistant) ?? '';
}

function toolBlocks(text: string, turn: number, random: Random): Block[] {
  const id = `toolu_${random.id(20)}`;
  // Every other result exceeds the API's default limit of 10,000 characters.
  const rows = turn % 4 === 1 ? 3 : 700;
  const table = Array.from({ length: rows }, (_, row) => `${row + 1};order-${1000 + row};${random.int(1, 999)},00 €`);
  return [
    { type: 'text', text: 'Let me look that up.' },
    {
      type: 'tool_use',
      id,
      name: 'query_orders',
      input: JSON.stringify({ customers: table.map((_, row) => `customer-${row}`), limit: rows }),
      integration_name: 'Orders',
      mcp_server_url: 'https://mcp.example.com/orders',
    },
    {
      type: 'tool_result',
      tool_use_id: id,
      name: 'query_orders',
      is_error: false,
      content: [{ type: 'text', text: table.join('\n') }],
      integration_name: 'Orders',
      mcp_server_url: 'https://mcp.example.com/orders',
    },
    {
      type: 'tool_use',
      id: null,
      name: 'web_search',
      input: '{"query":"order export"}',
      integration_name: null,
      mcp_server_url: null,
    },
    {
      type: 'tool_result',
      tool_use_id: null,
      name: 'web_search',
      is_error: true,
      content: [{ type: 'text', text: 'Search is not available.' }],
      integration_name: null,
      mcp_server_url: null,
    },
    { type: 'text', text },
  ];
}

function unknownBlocks(text: string, answer: boolean): Content {
  const block = answer
    ? { type: 'hologram', frames: [{ at: 0, shape: 'cube' }], caption: null, confidence: 0.87 }
    : { type: 'voice_note', seconds: 12.5, transcript: { language: 'en', text } };
  return {
    content: [block, { type: 'text', text, citations: [{ title: 'Handbook', page: 3 }], start_timestamp: null }],
    extra: { sentiment: 'neutral', tokens: { in: 12, out: 34 } },
  };
}

function uploads(text: string, random: Random): Content {
  return {
    content: text,
    files: [
      {
        id: `claude_file_${random.id()}`,
        filename: 'figures 2026 (final) – копия.csv',
        mime_type: 'text/csv',
        size_bytes: random.int(500, 90_000),
        md5: random.uuid().replaceAll('-', ''),
        created_at: '2026-01-15T09:30:00Z',
      },
      {
        id: `claude_file_${random.id()}`,
        filename: 'scan.pdf',
        mime_type: null,
        size_bytes: null,
        md5: null,
        created_at: '2026-01-15T09:30:00Z',
      },
    ],
  };
}

function results(text: string, random: Random): Content {
  return {
    content: text,
    generatedFiles: [
      {
        id: `claude_gen_file_${random.id()}`,
        filename: 'summary.xlsx',
        mime_type: null,
        size_bytes: 20_480,
        md5: null,
      },
    ],
    artifacts: [
      {
        id: `claude_artifact_${random.id()}`,
        version_id: random.uuid(),
        title: 'Summary',
        artifact_type: 'text/markdown',
      },
      { id: `claude_artifact_${random.id()}`, version_id: random.uuid(), title: null, artifact_type: null },
    ],
  };
}
