export { chatSync } from './chat-sync';
export { requestSync } from './request-sync';
