export { chatSync } from './chat-sync';
export { delivery } from './delivery';
export { verify } from './verify';
export { requestSync } from './request-sync';
