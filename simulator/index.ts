export { createDemoTenant, type DemoTenantOptions } from './demo-tenant';
export {
  FAULT_KINDS,
  HANGING_FAULT_KINDS,
  PASSING_FAULT_KINDS,
  type FaultKind,
  type FaultOptions,
  type TargetedFault,
} from './faults';
export { DEMO_KEY, type KeySpec, type Scope } from './keys';
export type { LiveOptions } from './live';
export type { Block, Chat, Message, Organization, Project, TenantEvent, User } from './model';
export { createTenant, type RandomTenantOptions } from './random-tenant';
export { GENERATIONS, type Generation } from './rules';
export { startSimulator, type LoggedRequest, type Simulator, type SimulatorOptions } from './server';
export { Tenant, type NewChat, type NewMessage, type TenantOptions, type Timestamps } from './tenant';
export type { Precision, TimeInput } from './timestamps';
export { truth, type TrueMessage } from './truth';
