import type { Filters, Owner } from '../domain/filters';
import type { Ledger } from '../domain/reconcile';
import type { Policy } from '../config/policy';
import type { Report } from '../domain/state';
import type { ListingMode } from '../domain/checkpoint';
import type { Published, ReadChat, Receipt, Totals } from '../domain/published';
import type { Span, Window } from '../domain/window';
import type { Closing } from '../sinks/sink';

/** What the workflows send to their activities and get back: ids, counts and times, since all of it stands in the history. */

/** `requests` everywhere: HTTP requests made, over all attempts of the activity. */
export interface OrganizationsRequest {
  /** The list's cursor; null for its first page. */
  page: string | null;
  limit: number;
}
export interface DiscoveredOrganizations {
  /** False where the key lacks the scope (403): chats may be readable all the same. */
  allowed: boolean;
  /** The API answered 400 to `page`: cursors may expire. Nothing else is filled in. */
  cursorRefused: boolean;
  uuids: string[];
  /** What is wrong with an item that is not an organization as promised; null if there is none. */
  odd: string | null;
  /** A name for the page's last organization; null if it has none. */
  place: string | null;
  /** Null: there are no more. */
  nextPage: string | null;
  /** The API server's clock; null where its answer names none. */
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
  /** What is wrong with an item that is not a user as promised; null if there is none. */
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
  /** The list's cursor; null: from `at`, or, where that is null too, from the start. */
  afterId: string | null;
  /** By what the list is sorted. */
  at: string | null;
  /** Per user: whose chats; at most 10. */
  userIds: string[];
  /** The sync's filters: by their hash, or as they are, for a worker that has others by now. */
  filters: string | Filters;
  pageSize: number;
}
export interface FetchedChatPage {
  /** The worker does not know the filters by this hash. Nothing else is filled in. */
  unknownFilters?: true;
  /** The API answered 400: it does not take this listing mode, or, if there was one, the cursor. Nothing else is filled in. */
  refused: string | null;
  chatIds: string[];
  /** What is wrong with an item that is not a chat as promised, and has no id to be read by; null if there is none. */
  odd: string | null;
  /** A name for the page's last chat as it is now; null if the page has none. */
  place: string | null;
  lastId: string | null;
  /** By what the list is sorted, of the page's last chat, on a whole second. */
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
  /** Which of its messages: the window's, or, for a parked chat, all that were not read. */
  span: Span;
  /** The chat is parked: it is tried a few times, and not until it works. */
  parked: boolean;
  /** The policy filters: whose the chat is, is to be told. */
  wantsOwner: boolean;
  /** The cursor within the chat; null for its first page. */
  afterId: string | null;
  messages: Policy['messages'];
  pageSize: number;
  sink: string;
  /** For how long it failed already in earlier runs, while others were read, ms. */
  failingMs?: number | undefined;
}
export interface Emitted {
  /** Null if the page had no message of the window. */
  receipt: Receipt | null;
  /** Whose the chat is, where that was asked for. */
  owner: Owner | null;
  /** A name for the page's last message; null if it has none. */
  place: string | null;
  /** The cursor of the chat's next page; null: the chat is read. */
  nextAfterId: string | null;
  /** How many records it took: fewer than were asked for first, where an answer was larger than the cap. */
  limit: number;
  /** The API answered 400 to `afterId`: cursors may expire. The chat is to be read from its start. */
  cursorRefused: boolean;
  /** The chat is gone (404). */
  gone: boolean;
  violations: number;
  /** Messages of the page that came again with another content: the first one counts. */
  conflicts: number;
  /** The chat changed in the window, and holds no message of it: it was moved, or one surfaced late. */
  unexplained: boolean;
  requests: number;
}

export type WindowTotals = Totals & Pick<Published, 'gone' | 'conflicts'>;

export interface PublishRequest {
  window: Window;
  sink: string;
  chats: ReadChat[];
  /** Chats that answered that they are gone. */
  gone: string[];
  /** What the window held before: a sink without `publish` has no totals of its own. */
  totals: WindowTotals;
}

export interface CommitRequest {
  window: Window;
  sink: string;
  closing: Closing;
}

export interface LedgerRequest {
  sink: string;
  /** The archive that the source holds; null where it may be a new one. */
  archive: string | null;
}

export interface ClaimRequest {
  sink: string;
  /** The archive's id to be. */
  id: string;
  /** The archive that was found there. */
  over: string | null;
}

export interface Ask {
  /** The number of the sync to come, or of the one that runs. */
  n: number;
  refused: boolean;
}

/** Activities of the queue `chat-sync-<source>`. */
export interface SyncActivities {
  askForSync(source: string): Promise<Ask>;
  awaitReport(source: string, n: number): Promise<Report | 'ask again'>;
  readPolicy(): Promise<Policy>;
  readLedger(request: LedgerRequest): Promise<Ledger>;
  /** Returns the id of the archive that is there then. */
  claimArchive(request: ClaimRequest): Promise<string>;
  publishPart(request: PublishRequest): Promise<Published>;
  commitWindow(request: CommitRequest): Promise<void>;
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
  /** Whether a chat can be read, without reading it. */
  checkChat(request: CheckRequest): Promise<CheckedChat>;
}
