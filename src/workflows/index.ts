export { chatSync } from './chat-sync';
export { delivery } from './delivery';
export { requestSync } from './request-sync';
