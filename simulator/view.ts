import type { Block, Chat, Member, Message, Organization } from './model';
import type { Tenant } from './tenant';
import { formatTime } from './timestamps';

/** A tenant as one key sees it. */
export interface View {
  readonly tenant: Tenant;
  readonly deletedChatsKeepTheirName: boolean;
  /** Omits fields that the newest official examples lack, instead of sending null. */
  readonly absent: boolean;
  /** The one organization that the key covers; undefined for the whole tree. */
  readonly organizationUuid: string | undefined;
}

/** The longest tool results and inputs, in characters; -1 is no limit. */
export interface ToolLimits {
  readonly toolResult: number;
  readonly toolUseInput: number;
}

export function showOrganization({ tenant }: View, organization: Organization): object {
  const { uuid, name, createdAt } = organization;
  return { uuid, name, created_at: formatTime(tenant.precision.chats, createdAt) };
}

export function showMember({ tenant }: View, { user, role }: Member): object {
  return {
    id: user.id,
    email: user.email,
    full_name: user.fullName,
    organization_role: role,
    created_at: formatTime(tenant.precision.chats, user.createdAt),
  };
}

/** The chat's author; null if the key covers one organization and the author has left it. */
export function visibleUserId(view: View, chat: Chat): string | null {
  if (chat.userId === null || view.organizationUuid === undefined) return chat.userId;
  return view.tenant.isMember(chat.organizationUuid, chat.userId) ? chat.userId : null;
}

export function showChat(view: View, chat: Chat): object {
  const { tenant, absent } = view;
  const user = tenant.users.get(visibleUserId(view, chat) ?? '');
  const organizationId = tenant.organizations.get(chat.organizationUuid)?.id;
  const time = (at: number): string => formatTime(tenant.precision.chats, at);
  return {
    id: chat.id,
    name: chat.deletedAt !== null && !view.deletedChatsKeepTheirName ? '' : chat.name,
    created_at: time(chat.createdAt),
    updated_at: time(chat.updatedAt),
    deleted_at: chat.deletedAt === null ? null : time(chat.deletedAt),
    href: `https://claude.ai/chat/${encodeURIComponent(chat.id)}`,
    model: chat.model,
    ...(absent ? {} : { organization_id: organizationId }),
    organization_uuid: chat.organizationUuid,
    project_id: chat.projectId,
    user: user ? { id: user.id, email_address: user.email } : null,
    ...chat.extra,
  };
}

export function showMessage(view: View, chat: Chat, message: Message, limits: ToolLimits): object {
  const deleted = chat.deletedAt !== null;
  const attachments = {
    files: deleted ? null : message.files,
    generated_files: deleted ? null : message.generatedFiles,
    artifacts: deleted ? null : message.artifacts,
  };
  return {
    id: message.id,
    role: message.role,
    created_at: formatTime(view.tenant.precision.messages, message.createdAt),
    content: deleted ? [] : message.content.map((block) => showBlock(block, limits)),
    ...(view.absent ? withoutNulls(attachments) : attachments),
    ...message.extra,
  };
}

function showBlock(block: Block, limits: ToolLimits): object {
  if (block.type === 'tool_use' && typeof block['input'] === 'string') {
    const input = cut(block['input'], limits.toolUseInput);
    return { ...block, input, truncated: input !== block['input'] };
  }
  if (block.type === 'tool_result' && Array.isArray(block['content'])) {
    const parts: readonly unknown[] = block['content'];
    let left = limits.toolResult;
    let truncated = false;
    const content = parts.map((part) => {
      if (!isText(part)) return part;
      const text = cut(part.text, left);
      if (left !== -1) left -= Array.from(text).length;
      truncated ||= text !== part.text;
      return { ...part, text };
    });
    return { ...block, content, truncated };
  }
  return block;
}

/** Cuts a text to whole code points. */
function cut(text: string, maxChars: number): string {
  if (maxChars === -1 || text.length <= maxChars) return text;
  return Array.from(text.slice(0, 2 * maxChars))
    .slice(0, maxChars)
    .join('');
}

function isText(part: unknown): part is { text: string } {
  return typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string';
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
