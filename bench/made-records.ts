import type { MessageRecord } from '../src/domain/record';

const WORDS = 400;
const CORPUS_CHARACTERS = 1_000_000;
const LONGEST_WORD = 9;
/** Between two messages of a chat. */
const STEP_MS = 500;
const DIGITS = 9;

export interface MadeRecords {
  /** The number of the first message, and the one behind the last. */
  first: number;
  end: number;
  /** When the first was written, ms since 1970. */
  from: number;
  textBytes: number;
}

/** Messages of one chat. Their texts compress as prose does, and are the same in every run. */
export function* recordsOf(chatId: string, { first, end, from, textBytes }: MadeRecords): Generator<MessageRecord> {
  const user = `user_${first % 97}`;
  const ofChat =
    `"files":null,"artifacts":null,"chat_id":"${chatId}","chat_name":"A chat of ${first}",` +
    `"chat_user":{"id":"${user}","email_address":"${user}@example.com"},"organization_id":"org_1",` +
    '"organization_uuid":"550e8400-e29b-41d4-a716-446655440000","project_id":""}';
  for (let n = first; n < end; n++) {
    const id = `claude_chat_msg_${String(n).padStart(DIGITS, '0')}`;
    const createdAt = new Date(from + (n - first) * STEP_MS).toISOString();
    const start = (n * 7919) % (CORPUS_CHARACTERS - textBytes);
    const text = corpus().slice(start, start + textBytes);
    const role = n % 2 === 0 ? 'user' : 'assistant';
    const head = `{"id":"${id}","role":"${role}","created_at":"${createdAt}","content":[{"type":"text","text":"${text}"}],`;
    yield { id, createdAt, json: [Buffer.from(head + ofChat)] };
  }
}

let made: string | undefined;

function corpus(): string {
  if (made !== undefined) return made;
  const random = randomNumbers(1);
  const letters = (): string =>
    Array.from({ length: 1 + random(LONGEST_WORD) }, () => String.fromCharCode(97 + random(26))).join('');
  const words = Array.from({ length: WORDS }, letters);
  const chosen: string[] = [];
  for (let length = 0; length < CORPUS_CHARACTERS;) {
    // Some words are far more frequent than others.
    const word = words[random(1 + random(WORDS))] ?? '';
    chosen.push(word);
    length += word.length + 1;
  }
  made = chosen.join(' ');
  return made;
}

/** A linear congruential generator. @returns the next number below a limit */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
