import { z } from 'zod';

// These schemas check and never change: what is passed on is the parsed JSON itself (see `conforms`), with all its fields
// in their order. So nothing here may transform, coerce or give a default.

/** The longest id is bounded for what ends up in Temporal's history: a page of them fits one payload. */
export const idSchema = z.string().min(1).max(512);

/**
 * What the walk needs of a listed chat: a page must not fail for a chat's name. Its times may be missing or none: they only
 * tell which chats need not be read.
 */
export const listedChatSchema = z.looseObject({
  id: idSchema,
  created_at: z.unknown().optional(),
  updated_at: z.unknown().optional(),
  organization_id: z.string().nullish(),
  organization_uuid: z.string().nullish(),
  project_id: z.string().nullish(),
  user: z.looseObject({ id: z.string() }).nullish(),
});
export type ListedChat = z.infer<typeof listedChatSchema>;

/** `GET /v1/compliance/apps/chats` */
export const chatPageSchema = z.object({
  /** Each a {@link ListedChat}; one that is not must not keep the others from being read. */
  data: z.array(z.unknown()),
  has_more: z.boolean(),
  last_id: z.string().nullish(),
});
export type ChatPage = z.infer<typeof chatPageSchema>;

const chatUserSchema = z.object({ id: z.string(), email_address: z.string().nullish() });

/**
 * `GET /v1/compliance/apps/chats/{chat_id}/messages`, but for the messages: the chat's metadata as far as it is needed. What is
 * absent is null; times that are none stop nothing.
 */
export const messagePageSchema = z.object({
  id: idSchema,
  name: z.string().nullish(),
  created_at: z.unknown().optional(),
  updated_at: z.unknown().optional(),
  deleted_at: z.unknown().optional(),
  organization_id: z.string().nullish(),
  organization_uuid: z.string().nullish(),
  project_id: z.string().nullish(),
  user: chatUserSchema.nullish(),
  has_more: z.boolean(),
  last_id: z.string().nullish(),
});
export type Chat = z.infer<typeof messagePageSchema>;

export const organizationSchema = z.looseObject({ uuid: idSchema });

/** `GET /v1/compliance/organizations`; older servers do not page, and leave out the last two. */
export const organizationPageSchema = z.object({
  /** Each of {@link organizationSchema}. */
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  next_page: z.string().nullish(),
});
export type OrganizationPage = z.infer<typeof organizationPageSchema>;

export const userSchema = z.looseObject({ id: idSchema });

/** `GET /v1/compliance/organizations/{org_uuid}/users`: current members only. */
export const userPageSchema = z.object({
  /** Each of {@link userSchema}. */
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  next_page: z.string().nullish(),
});
export type UserPage = z.infer<typeof userPageSchema>;

/** Whether JSON is what was promised. The value stays what it is: a zod result would drop or reorder fields. */
export function conforms<S extends z.ZodType>(schema: S, json: unknown): json is z.infer<S> {
  return schema.safeParse(json).success;
}

/** Where JSON is not what was promised first, as `chat_messages.3.created_at`: indexes, and names of these schemas alone. */
export function misfitOf(schema: z.ZodType, json: unknown): string {
  const path = schema.safeParse(json).error?.issues[0]?.path ?? [];
  const steps = path.map((step) => (typeof step === 'number' || ourNames.has(step) ? String(step) : '?'));
  return steps.join('.') || 'the whole';
}

const ourNames = new Set<PropertyKey>(
  [
    listedChatSchema,
    chatUserSchema,
    chatPageSchema,
    messagePageSchema,
    organizationSchema,
    organizationPageSchema,
    userSchema,
    userPageSchema,
  ].flatMap((schema) => Object.keys(schema.shape)),
);
