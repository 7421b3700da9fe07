// The licence check itself: a check that cannot fail would be none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accepted, complaints } from './licences.mjs';
import { satisfies } from './spdx.mjs';

const only = (...licences) => (licence) => licences.includes(licence);

test('licence expressions are read with their precedence', () => {
  assert.equal(satisfies('MIT OR GPL-3.0', only('MIT')), true);
  assert.equal(satisfies('MIT AND GPL-3.0', only('MIT')), false);
  assert.equal(satisfies('GPL-3.0 OR MIT AND ISC', only('MIT', 'ISC')), true);
  assert.equal(satisfies('(GPL-3.0 OR MIT) AND ISC', only('MIT')), false);
  assert.equal(satisfies('Apache-2.0 / MIT', only('MIT')), true);
  assert.equal(satisfies('Apache-2.0 WITH LLVM-exception', only('Apache-2.0')), false);
  assert.throws(() => satisfies('(MIT', only('MIT')), /no licence expression/);
  assert.throws(() => satisfies('MIT MIT', only('MIT')), /no licence expression/);
});

test('deny.toml is read, and what it does not accept is named', () => {
  const rules = accepted(readFileSync(new URL('../../deny.toml', import.meta.url), 'utf8'));
  const one = (name, licence, isForeign = false) => complaints([{ name, version: '1.0.0', licence, isForeign }], rules);
  assert.deepEqual(one('good', 'MIT OR Apache-2.0'), []);
  assert.deepEqual(one('selectors', 'MPL-2.0'), []);
  assert.deepEqual(one('other', 'MPL-2.0'), ['other 1.0.0 is under MPL-2.0']);
  assert.deepEqual(one('viral', 'AGPL-3.0-only'), ['viral 1.0.0 is under AGPL-3.0-only']);
  assert.deepEqual(one('silent', undefined), ['silent 1.0.0 names no licence']);
  assert.deepEqual(one('fork', 'MIT', true), ['fork 1.0.0 comes from somewhere else than the public registry']);
});
