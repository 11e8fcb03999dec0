import { ApplicationFailure } from '@temporalio/workflow';
import { FailureType } from '../contract';
import type { Policy } from '../config/policy';
import type { Checkpoint, Form } from '../domain/state';
import { beginning } from './checkpoint';

/** What each setting tries, in this order: the next one when the server answers 400 to the first page of a list. */
const FORMS: Readonly<Record<Policy['listing'], readonly [Form, ...Form[]]>> = {
  auto: ['organization', 'per-user'],
  organization: ['organization'],
  'per-user': ['per-user', 'per-user-by-creation'],
};

export const formNames: Readonly<Record<Form, string>> = {
  organization: 'organization-wide',
  'per-user': 'per user',
  'per-user-by-creation': 'per user in the order of creation',
};

export const firstForm = ({ listing }: Policy): Form => FORMS[listing][0];

/**
 * The server refuses the form: the window begins again in the next one, where the sink knows what it has already.
 *
 * @throws ApiRefused with what the server said to each form, if it has refused them all.
 */
export function otherForm(policy: Policy, { form, refusals: before }: Checkpoint, reason: string): Checkpoint {
  const refusals = [...before.filter((refusal) => refusal.form !== form), { form, reason }];
  const next = FORMS[policy.listing].find((candidate) => refusals.every((refusal) => refusal.form !== candidate));
  const why = `the server refuses the ${formNames[form]} list: ${reason}`;
  if (next) return beginning(next, { fingerprint: policy.fingerprint, refusals, why });
  const said = refusals.map((refusal) => `${formNames[refusal.form]}: ${refusal.reason}`).join('; ');
  const remedy = policy.listing === 'organization' ? '; older servers list per user only: set LISTING=auto' : '';
  throw ApplicationFailure.nonRetryable(`${said}${remedy}`, FailureType.apiRefused);
}
