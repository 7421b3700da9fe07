// Licence expressions (SPDX, annex D): whether a set of accepted licences satisfies one.

const TOKEN = /\s*(\(|\)|\/|[^\s()/]+)/gy;

/** True when `accepts(licence)` holds for enough of the expression. A slash is the old way to write OR. */
export function satisfies(expression, accepts) {
  const tokens = [...expression.matchAll(TOKEN)].map(([, token]) => (token === '/' ? 'OR' : token));
  let at = 0;
  const next = (word) => tokens[at]?.toUpperCase() === word && Boolean((at += 1));
  const alternatives = () => {
    let holds = all();
    while (next('OR')) holds = all() || holds;
    return holds;
  };
  const all = () => {
    let holds = one();
    while (next('AND')) holds = one() && holds;
    return holds;
  };
  const one = () => {
    if (next('(')) {
      const holds = alternatives();
      if (!next(')')) throw new Error(`no licence expression: ${expression}`);
      return holds;
    }
    const licence = tokens[at++];
    if (licence === undefined || licence === ')') throw new Error(`no licence expression: ${expression}`);
    return accepts(next('WITH') ? `${licence} WITH ${tokens[at++]}` : licence);
  };
  const holds = alternatives();
  if (at !== tokens.length) throw new Error(`no licence expression: ${expression}`);
  return holds;
}
