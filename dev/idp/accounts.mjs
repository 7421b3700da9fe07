// The people who can sign in. Three demo users; the control API adds more.
import { timingSafeEqual, createHash } from 'node:crypto';

/** Claims that a scope of their own releases; every other claim comes with scope `openid`. */
export const SCOPED_CLAIMS = {
  email: ['email', 'email_verified'],
  profile: ['name', 'preferred_username', 'given_name', 'family_name', 'picture', 'locale', 'updated_at'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

const DEMO_USERS = [
  ['alice', 'Alice', ['platform-admins']],
  ['bob', 'Bob', ['developers']],
  ['carol', 'Carol', undefined],
];

const digest = (text) => createHash('sha256').update(text).digest();

export class Accounts {
  #byLogin = new Map();

  constructor() {
    for (const [login, name, groups] of DEMO_USERS) {
      const claims = { email: `${login}@example.com`, email_verified: true, name, preferred_username: login };
      if (groups) claims.groups = groups;
      this.upsert({ id: login, login, password: login, claims });
    }
  }

  /** Add or replace { id, login, password, claims }; `id` becomes `sub` and defaults to the login. */
  upsert({ id, login, password, claims = {} }) {
    if (typeof login !== 'string' || login === '') throw new Error('login is required');
    if (typeof password !== 'string') throw new Error('password is required');
    const account = { id: String(id ?? login), login, password, claims };
    this.#byLogin.set(login, account);
    return { id: account.id, login, claims };
  }

  delete(login) {
    return this.#byLogin.delete(login);
  }

  /** The account for a right login and password, or undefined. */
  authenticate(login, password) {
    const account = this.#byLogin.get(String(login ?? '').trim());
    const same = timingSafeEqual(digest(account?.password ?? ''), digest(String(password ?? '')));
    return account && same ? account : undefined;
  }

  findById(id) {
    for (const account of this.#byLogin.values()) if (account.id === id) return account;
    return undefined;
  }
}
