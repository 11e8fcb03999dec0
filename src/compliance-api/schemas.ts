import { z } from 'zod';

// These schemas only check: what is passed on is the parsed JSON itself (see `conforms`), with all its fields in their
// order. So no schema here may transform, coerce or set a default.

/** Ids end up in Temporal's history: at this length, a page of them fits one payload. */
export const idSchema = z.string().min(1).max(512);

/**
 * The fields of a listed chat that the walk needs; a chat's name must not fail its page. Times may be missing or
 * malformed: they only tell which chats need not be read.
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
  /** Checked one by one as {@link ListedChat}: a malformed one must not hide the others. */
  data: z.array(z.unknown()),
  has_more: z.boolean(),
  last_id: z.string().nullish(),
});
export type ChatPage = z.infer<typeof chatPageSchema>;

const chatUserSchema = z.object({ id: z.string(), email_address: z.string().nullish() });

/**
 * `GET /v1/compliance/apps/chats/{chat_id}/messages` without the messages: the chat's metadata, as far as it is used.
 * Absent fields are null; malformed times are accepted.
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

/** `GET /v1/compliance/organizations`; older servers do not page, and leave out `has_more` and `next_page`. */
export const organizationPageSchema = z.object({
  /** Checked one by one with {@link organizationSchema}. */
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  next_page: z.string().nullish(),
});
export type OrganizationPage = z.infer<typeof organizationPageSchema>;

export const userSchema = z.looseObject({ id: idSchema });

/** `GET /v1/compliance/organizations/{org_uuid}/users`: current members only. */
export const userPageSchema = z.object({
  /** Checked one by one with {@link userSchema}. */
  data: z.array(z.unknown()),
  has_more: z.boolean().nullish(),
  next_page: z.string().nullish(),
});
export type UserPage = z.infer<typeof userPageSchema>;

/** Whether JSON fits a schema. Unlike zod's result, the value keeps all fields and their order. */
export function conforms<S extends z.ZodType>(schema: S, json: unknown): json is z.infer<S> {
  return schema.safeParse(json).success;
}

/** The path of the first misfit, as `chat_messages.3.created_at`: only indexes and names in these schemas, else `?`. */
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
