export const chat = {
  id: 'claude_chat_1',
  name: 'PR Security Review',
  created_at: '2026-04-08T14:30:45.123Z',
  updated_at: '2026-04-08T14:31:00Z',
  deleted_at: null,
  organization_id: 'org_1',
  organization_uuid: '550e8400-e29b-41d4-a716-446655440000',
  project_id: null,
  user: { id: 'user_1', email_address: 'ada@example.com' },
};

export const message = {
  id: 'claude_chat_msg_1',
  role: 'user',
  created_at: '2026-04-08T14:30:45.123Z',
  content: [{ type: 'text', text: 'Can you help me?' }],
  files: null,
  artifacts: null,
};

export const chatPage = (...data: unknown[]) => ({ data, has_more: false, first_id: null, last_id: null });

export const messagePage = (...messages: unknown[]) => ({
  ...chat,
  chat_messages: messages,
  has_more: false,
  first_id: null,
  last_id: null,
});
