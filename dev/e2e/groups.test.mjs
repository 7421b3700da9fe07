// From group values at the provider to what somebody may do, on both databases.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DATABASES, addPerson, api, byToken, signIn, startParts, startStack, withStack as withStackOf } from '../lib/stack.mjs';

let parts;
before(async () => (parts = await startParts({ seed: 'demo' })));
after(() => parts.stop());

const withStack = (options, body) => withStackOf(parts, options, body);
/** Change what the provider says about somebody. */
const nowIn = (login, groups) => addPerson(parts, groups === undefined ? {} : { groups }, login);

/** A call with the token of the first super-admin that must succeed. */
async function administer(stack, method, path, body) {
  const answer = await byToken(stack.admin, method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Roles of somebody's admin as `workspace:role source`, sorted. */
async function rolesOf(stack, login) {
  const workspaces = new Map((await administer(stack, 'GET', '/workspaces')).data.map(({ id, name }) => [id, name]));
  const { roles } = await administer(stack, 'GET', `/admins/${login}@example.com/roles?all_workspaces=true`);
  return roles.map(({ name, ws_id, role_source }) => `${workspaces.get(ws_id)}:${name} ${role_source}`).sort();
}

/** Map a group of the provider to a role of a workspace. */
async function mapGroup(stack, group, role, workspace = 'default') {
  await administer(stack, 'POST', '/groups', { name: group });
  await administer(stack, 'POST', `/groups/${encodeURIComponent(group)}/roles`, { rbac_role_id: role, workspace_id: workspace });
}

async function statuses({ browser }, gui, ...calls) {
  const list = [];
  for (const [method, path, body] of calls) list.push((await api(browser, gui, method, path, body)).status);
  return list;
}

for (const database of DATABASES) {
  describe(database, () => {
    let stack;
    before(async () => {
      stack = await startStack(parts, { database });
      await administer(stack, 'POST', '/workspaces', { name: 'payments' });
    });
    after(() => stack.stop());

    test('km_041 km_042 a value workspace:role gives that role until the next sign-in without it', async () => {
      const login = await nowIn(undefined, ['default:super-admin', 'payments:workspace-read-only']);
      const first = await signIn(stack.gui, login);
      assert.deepEqual(await rolesOf(stack, login), ['default:super-admin idp', 'payments:workspace-read-only idp']);
      assert.deepEqual(await statuses(first, stack.gui, ['GET', '/rbac/users'], ['POST', '/payments/services', {}]), [200, 403]);
      await nowIn(login, ['default:read-only']);
      await signIn(stack.gui, login);
      assert.deepEqual(await rolesOf(stack, login), ['default:read-only idp']);
      assert.deepEqual(await statuses(first, stack.gui, ['GET', '/services'], ['POST', '/services', {}]), [200, 403]);
    });

    test('km_043 a role given by hand is kept', async () => {
      const login = await nowIn(undefined, ['default:read-only']);
      await signIn(stack.gui, login);
      await administer(stack, 'POST', `/admins/${login}@example.com/roles`, { roles: 'admin' });
      await nowIn(login, []);
      await signIn(stack.gui, login);
      assert.deepEqual(await rolesOf(stack, login), ['default:admin local']);
    });

    test('km_043 with sso_oidc_manual_roles = overwrite it is removed', () => withStack({ database, settings: { sso_oidc_manual_roles: 'overwrite' } }, async (own) => {
      const login = await nowIn(undefined, ['default:read-only']);
      await signIn(own.gui, login);
      await administer(own, 'POST', `/admins/${login}@example.com/roles`, { roles: 'admin' });
      await signIn(own.gui, login);
      assert.deepEqual(await rolesOf(own, login), ['default:read-only idp']);
    }));

    test('km_044 an unknown workspace or role is no obstacle and gives nothing', async () => {
      const login = await nowIn(undefined, ['teamX:foo', 'default:no-such-role']);
      const who = await signIn(stack.gui, login);
      assert.equal(who.answer.status, 200);
      assert.deepEqual(await rolesOf(stack, login), []);
      assert.match(stack.nodes[0].log.text, /unknown workspace or role.*teamX:foo/);
      assert.deepEqual(await statuses(who, stack.gui, ['GET', '/services']), [403]);
    });

    test('km_045 km_046 a mapped group acts in its workspace only, and without the mapping at once nowhere', async () => {
      await mapGroup(stack, 'ops', 'workspace-admin', 'payments');
      const who = await signIn(stack.gui, await nowIn(undefined, ['ops']));
      const name = `ops-${database}`;
      const service = { name, url: 'http://ops.internal' };
      assert.deepEqual(await statuses(who, stack.gui, ['POST', '/payments/services', service], ['POST', '/services', service], ['GET', '/services']), [201, 403, 403]);
      await administer(stack, 'DELETE', '/groups/ops/roles', { rbac_role_id: 'workspace-admin', workspace_id: 'payments' });
      assert.deepEqual(await statuses(who, stack.gui, ['GET', '/payments/services']), [403]);
    });

    test('km_052 a number at the provider is the group of that name', async () => {
      await mapGroup(stack, '123', 'read-only');
      const who = await signIn(stack.gui, await nowIn(undefined, [123]));
      assert.deepEqual(await statuses(who, stack.gui, ['GET', '/services'], ['POST', '/services', {}]), [200, 403]);
    });

    test('km_049 without the claim there is no role, and a warning', async () => {
      const login = await nowIn(undefined, undefined);
      const who = await signIn(stack.gui, login);
      assert.deepEqual([who.answer.status, await rolesOf(stack, login)], [200, []]);
      assert.match(stack.nodes[0].log.text, /no groups claim/);
    });

    test('km_049 with sso_oidc_unmapped = deny somebody without a role is refused', () => withStack({ database, settings: { sso_oidc_unmapped: 'deny' } }, async (own) => {
      const login = await nowIn(undefined, ['default:read-only']);
      const who = await signIn(own.gui, login);
      assert.equal(who.answer.status, 200);
      await nowIn(login, []);
      const refused = await signIn(own.gui, login);
      assert.equal(refused.answer.status, 403);
      assert.deepEqual(await rolesOf(own, login), []);
      assert.equal((await signIn(own.gui, 'carol')).answer.status, 403);
      assert.equal((await byToken(own.admin, 'GET', '/admins/carol@example.com')).status, 404);
    }));

    test('km_050 a pointer instead of groups refuses the sign-in and leaves the roles alone', async () => {
      const login = await nowIn(undefined, ['default:read-only']);
      await signIn(stack.gui, login);
      await addPerson(parts, { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.example/groups' } } }, login);
      const { answer } = await signIn(stack.gui, login);
      assert.equal(answer.status, 403);
      assert.match(await answer.text(), /Your groups could not be read/);
      assert.deepEqual(await rolesOf(stack, login), ['default:read-only idp']);
    });

    test('km_047 a path leads into nested claims', () => withStack({ database, auth: { authenticated_groups_claim: ['realm_access', 'roles'] } }, async (own) => {
      const login = await addPerson(parts, { realm_access: { roles: ['default:read-only'] }, groups: ['default:super-admin'] });
      await signIn(own.gui, login);
      assert.deepEqual(await rolesOf(own, login), ['default:read-only idp']);
    }));

    test('km_048 a delimiter splits one text into several values', () => withStack({ database, auth: { authenticated_groups_delimiter: ',' } }, async (own) => {
      await administer(own, 'POST', '/workspaces', { name: 'teamA' });
      const login = await nowIn(undefined, 'default:admin,teamA:workspace-read-only');
      await signIn(own.gui, login);
      assert.deepEqual(await rolesOf(own, login), ['default:admin idp', 'teamA:workspace-read-only idp']);
    }));

    test('km_051 twenty sign-ins at once with two sets of groups end with exactly one of the sets', () => withStack({ database, nodes: 2 }, async (own) => {
      await administer(own, 'POST', '/workspaces', { name: 'payments' });
      const sets = [['default:read-only', 'payments:workspace-admin'], ['default:admin', 'payments:workspace-read-only']];
      const login = await nowIn(undefined, sets[0]);
      await signIn(own.gui, login);
      const running = [];
      for (let round = 0; round < 20; round += 1) {
        await nowIn(login, sets[round % 2]);
        running.push(signIn(own.nodes[round % 3 % 2].gui, login));
      }
      const outcomes = await Promise.all(running);
      assert.deepEqual(outcomes.map(({ answer }) => answer.status), Array(20).fill(200));
      const roles = await rolesOf(own, login);
      const expected = sets.map((set) => set.map((role) => `${role} idp`).sort());
      assert.ok(expected.some((set) => JSON.stringify(set) === JSON.stringify(roles)), JSON.stringify(roles));
    }));

    test('a group of the provider named in sso_bootstrap_groups makes a super-admin', async () => {
      await signIn(stack.gui, 'alice');
      assert.deepEqual(await rolesOf(stack, 'alice'), ['default:super-admin idp']);
    });
  });
}
