import type { Filters, Owner } from '../domain/filters';
import type { OperatorEvent } from '../domain/operator-events';
import type { Ledger } from '../domain/reconcile';
import type { Policy } from '../config/policy';
import type { Report } from '../domain/state';
import type { Verified, VerifyRequest } from '../domain/verification';
import type { ListingMode } from '../domain/checkpoint';
import type { Head, Published, ReadChat, Receipt, Totals } from '../domain/published';
import type { Span, Window } from '../domain/window';
import type { Closing } from '../archive/archive';
import type { DeliveryResult } from '../delivery/deliver';
import type { Known } from '../delivery/positions';

/** The activities' inputs and results: ids, counts and times only, since Temporal keeps them in the history. */

/** `requests`, here and below: HTTP requests over all attempts of the activity. */
export interface OrganizationsRequest {
  /** The list's cursor; null for its first page. */
  page: string | null;
  limit: number;
}
export interface DiscoveredOrganizations {
  /** False if the key lacks the scope (403): chats may still be readable. */
  allowed: boolean;
  /** The API answered 400 to `page`: cursors may expire. Nothing else is filled in. */
  cursorRefused: boolean;
  uuids: string[];
  /** What is wrong with the first malformed organization; null if there is none. */
  odd: string | null;
  /** A name for the page's last organization; null if it has none. */
  place: string | null;
  /** The cursor of the next page; null after the last page. */
  nextPage: string | null;
  /** The API server's clock; null if the answer had no `Date` header. */
  serverTime: string | null;
  requestId: string | null;
  requests: number;
}

export interface UsersRequest {
  /** UUID. */
  organization: string;
  page: string | null;
  limit: number;
}
export interface DiscoveredUsers {
  /** The API answered 400 to `page`: cursors may expire. Nothing else is filled in. */
  cursorRefused: boolean;
  userIds: string[];
  /** What is wrong with the first malformed user; null if there is none. */
  odd: string | null;
  /** A name for the page's last user; null if it has none. */
  place: string | null;
  nextPage: string | null;
  requestId: string | null;
  requests: number;
}

export interface ChatPageRequest {
  window: Window;
  mode: ListingMode;
  /** The list's cursor; null: from `at`, or from the start if that is null too. */
  afterId: string | null;
  /** The sort key (`updated_at`, or per user `created_at`) to go on from, without a cursor. */
  at: string | null;
  /** The users of a per-user list; at most 10. */
  userIds: string[];
  /** The hash of the sync's filters, or the filters themselves for a worker that has others by now. */
  filters: string | Filters;
  pageSize: number;
}
export interface FetchedChatPage {
  /** The worker's filters have another hash. Nothing else is filled in. */
  unknownFilters?: true;
  /** What the API said with a 400 to the listing mode or the cursor. Nothing else is filled in. */
  refused: string | null;
  chatIds: string[];
  /** What is wrong with the first malformed chat without an id; null if there is none. */
  odd: string | null;
  /** A name for the page's last chat as it is now; null if the page has none. */
  place: string | null;
  /** A name for that chat, whenever it changed. */
  item: string | null;
  lastId: string | null;
  /** The sort key of the page's last chat, cut to the whole second. */
  at: string | null;
  hasMore: boolean;
  /** Chats that a filter of the policy left out. */
  skipped: number;
  requestId: string | null;
  requests: number;
}

export interface EmitRequest {
  window: Window;
  chatId: string;
  /** The span of messages to read: the window, or, for a parked chat, all that is missing. */
  span: Span;
  /** The chat is parked: it gets a few attempts only. */
  parked: boolean;
  /** The policy has filters: the result is to say whose the chat is. */
  wantsOwner: boolean;
  /** The cursor within the chat; null for its first page. */
  afterId: string | null;
  messages: Policy['messages'];
  pageSize: number;
  /** What of the chat is in the archive already does not come out again. */
  recover?: true;
  /** For how long the chat failed in earlier runs while others were read, ms. */
  failingMs?: number | undefined;
}
export interface Emitted {
  /** Null if the page had no message of the window. */
  receipt: Receipt | null;
  /** Whose the chat is, if `wantsOwner`. */
  owner: Owner | null;
  /** A name for the page's last message; null if it has none. */
  place: string | null;
  /** The cursor of the chat's next page; null after the last page. */
  nextAfterId: string | null;
  /** The page size that was used: reduced if an answer was too large or too slow. */
  limit: number;
  /** The API answered 400 to `afterId` (cursors expire): the chat is to be read from its start. */
  cursorRefused: boolean;
  /** The chat is gone (404). */
  gone: boolean;
  violations: number;
  /** Messages repeated on the page with different content; the first copy counts. */
  conflicts: number;
  /** The chat changed in the window and has no message in it: it was moved, or a message surfaced late. */
  unexplained: boolean;
  requests: number;
}

/** Which chats of a list are compared. */
export interface Selection {
  /** The verification. */
  run: string;
  /** Of messages; a chat that last changed before it has none. */
  span: Span;
  /** A chat that the archive knows is compared if it changed since; null: it is not. */
  since: string | null;
  /** The share of chats that is compared, chosen by chance: 1 is all. */
  share: number;
}
export interface ComparedPageRequest extends ChatPageRequest {
  selection: Selection;
}
export interface ComparedPage extends FetchedChatPage {
  /** Chats on the page, before any was chosen. */
  listed: number;
}

export interface CompareRequest extends EmitRequest {
  /** The verification. */
  run: string;
}

export type WindowTotals = Totals & Pick<Published, 'gone' | 'conflicts'>;

export interface PublishRequest {
  window: Window;
  chats: ReadChat[];
  /** Chats that the API reports as gone (404). */
  gone: string[];
  /** The window's totals before this part: an archive without `publish` has none of its own. */
  totals: WindowTotals;
}

export interface CommitRequest {
  window: Window;
  closing: Closing;
}

export interface LedgerRequest {
  /** The archive that the source holds; null if it holds none yet. */
  archive: string | null;
  /** The ledger's line that the source knows as the last one; null: none. */
  head: Head | null;
}

export interface ClaimRequest {
  /** The id for the archive. */
  id: string;
  /** The archive that was found in the folder; null if none. */
  over: string | null;
}

export interface RecordRequest {
  /** The id of the archive. */
  archive: string;
  events: OperatorEvent[];
  /** No sync waits for it: it is tried once, and again when one runs. */
  isIdle: boolean;
}

export interface Ask {
  /** The number of the next sync, or of the running one. */
  n: number;
  refused: boolean;
}

/** Activities of the queue `chat-sync-<source>`. */
export interface SyncActivities {
  askForSync(source: string): Promise<Ask>;
  awaitReport(source: string, n: number): Promise<Report | 'ask again'>;
  readPolicy(): Promise<Policy>;
  readLedger(request: LedgerRequest): Promise<Ledger>;
  /** Returns the id of the archive that is in the folder afterwards. */
  claimArchive(request: ClaimRequest): Promise<string>;
  publishPart(request: PublishRequest): Promise<Published>;
  /** Chats that are to be read again, unless the window has published them; at most so many. */
  chatsToRecover(request: { window: Window; limit: number }): Promise<string[]>;
  /** The source's state has taken them over. */
  takenOver(request: { chatIds: string[] }): Promise<void>;
  /** Begins a census; false: another verification runs. @param request `since`: the timestamp when the last one was begun. */
  beginCensus(request: { since: string }): Promise<boolean>;
  /** Returns the window's line of the ledger; null where there is none. */
  commitWindow(request: CommitRequest): Promise<Head | null>;
  /** Returns the ledger's last line; null if the archive is not there. */
  recordEvents(request: RecordRequest): Promise<Head | null>;
}

export interface BeginRequest {
  /** The verification. */
  run: string;
  request: VerifyRequest;
  /** How long before its `since` a census begins to compare, so that what surfaced after the last one is seen. */
  censusEveryMs: number;
}
/** What a verification begins with. */
export interface Begun extends Omit<Selection, 'run'> {
  /** A few chats of the archive. */
  witnesses: string[];
  /** Chats of which the archive has messages. */
  known: number;
}

export interface UnlistedRequest {
  selection: Selection;
  /** The last one that is known; null: from the start. */
  after: string | null;
  limit: number;
}

export interface EndRequest {
  request: VerifyRequest;
  selection: Selection;
  figures: Pick<Verified, 'listed' | 'compared' | 'messages' | 'requests'>;
  /** Chats that could not be read. */
  unread: string[];
}

/** Activities of a verification on the queue `chat-sync-<source>`: they talk to the archive. */
export interface VerificationActivities {
  /** @throws LedgerDisagrees if the archive is not the source's, or holds nothing. */
  beginVerification(request: BeginRequest): Promise<Begun>;
  /** Notes chats that the API says are gone, as far as the archive has messages of them. */
  noteGone(request: { selection: Selection; chatIds: string[] }): Promise<void>;
  /** Chats of which the archive has messages and which the API did not list, in the order of their ids. */
  unlistedChats(request: UnlistedRequest): Promise<string[]>;
  /** Sums up, writes the report to the ledger, and hands over what is to be repaired. */
  endVerification(request: EndRequest): Promise<Verified>;
}

/** Activities of a verification on the API's queue. */
export interface ComparingActivities {
  listChats(request: ComparedPageRequest): Promise<ComparedPage>;
  compareMessages(request: CompareRequest): Promise<Emitted>;
}

export interface CheckRequest {
  chatId: string;
}
export interface CheckedChat {
  gone: boolean;
  requests: number;
}

/** Activities of the queue `chat-sync-<source>-api`: one attempt is one HTTP request. */
export interface ApiActivities {
  discoverOrganizations(request: OrganizationsRequest): Promise<DiscoveredOrganizations>;
  discoverUsers(request: UsersRequest): Promise<DiscoveredUsers>;
  fetchChatPage(request: ChatPageRequest): Promise<FetchedChatPage>;
  emitMessages(request: EmitRequest): Promise<Emitted>;
  /** Whether a chat is readable, by one request for a single message. */
  checkChat(request: CheckRequest): Promise<CheckedChat>;
}

export interface DeliverRequest extends Known {
  destination: string;
}
/** What a destination's queue serves. */
export interface DeliveryActivities {
  /** Delivers for half a minute, or until the destination has everything. */
  deliver(request: DeliverRequest): Promise<DeliveryResult>;
  /** Delivers the refused records again. @returns how many are still refused. */
  deliverRefused(request: DeliverRequest): Promise<{ delivered: number; refused: number }>;
}
