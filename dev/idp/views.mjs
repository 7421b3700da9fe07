// The provider's pages: sign in, sign out, signed out, error. No inline script or style, nothing from other hosts.

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (value) => String(value ?? '').replace(/[&<>"']/g, (char) => ESCAPES[char]);

/** The policy of every page. Redirects after a form count as form targets, hence the client's origin and loopback. */
export function policy(redirectUri) {
  const origin = URL.canParse(redirectUri ?? '') ? new URL(redirectUri).origin : '';
  const targets = ["'self'", 'http://127.0.0.1:*', 'http://localhost:*', origin === 'null' ? '' : origin].filter(Boolean).join(' ');
  return `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`;
}

function page(title, body, { script = '' } = {}) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} · Example ID</title>
<link rel="icon" href="/assets/idp.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/idp.css">
${script}
</head>
<body>
<main class="card">
<p class="brand"><img src="/assets/idp.svg" alt="" width="28" height="28"> Example ID</p>
${body}
</main>
<p class="foot">Demo identity provider. It keeps everything in memory.</p>
</body>
</html>`;
}

function demoUsers() {
  const rows = [['alice', 'platform-admins'], ['bob', 'developers'], ['carol', 'no groups']];
  const cells = rows.map(([login, groups]) => `<tr><td><code>${login}</code></td><td>${groups}</td></tr>`).join('');
  return `<section class="demo"><h2>Demo users</h2><p>The password is the user name.</p>
<table><thead><tr><th scope="col">User</th><th scope="col">Groups</th></tr></thead><tbody>${cells}</tbody></table></section>`;
}

/** The sign-in page of one interaction. */
export function signIn({ action, client, login = '', error, demo }) {
  const alert = error ? `<p class="alert" role="alert" id="error">${escape(error)}</p>` : '';
  const invalid = error ? ' aria-invalid="true" aria-describedby="error"' : '';
  const focus = (wanted) => (wanted ? ' autofocus' : '');
  return page('Sign in', `<h1>Sign in</h1>
<p class="lead">to continue to <strong>${escape(client)}</strong></p>
${alert}
<form method="post" action="${escape(action)}">
<label for="login">User name</label>
<input id="login" name="login" value="${escape(login)}" autocomplete="username" autocapitalize="none" spellcheck="false" required${invalid}${focus(!login)}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${invalid}${focus(login)}>
<button type="submit">Sign in</button>
</form>
${demo ? demoUsers() : ''}`);
}

/** A page that says what went wrong; `details` are name and value pairs. */
export function problem(title, text, details = []) {
  const list = details.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('');
  return page(title, `<h1>${escape(title)}</h1><p class="lead">${escape(text)}</p>${list ? `<dl>${list}</dl>` : ''}`);
}

/** oidc-provider's error page. */
export async function renderError(ctx, out) {
  ctx.type = 'html';
  ctx.set('content-security-policy', policy());
  ctx.body = problem('Sign-in did not work', 'Go back to the application and try again.', Object.entries(out));
}

/** oidc-provider's sign-out page: confirms itself when the client proved the session by an ID token. */
export async function logoutSource(ctx, form) {
  const sure = ctx.oidc.entities.IdTokenHint !== undefined;
  const whole = form.replace('</form>', '<input type="hidden" name="logout" value="yes"><button type="submit">Sign out</button></form>');
  ctx.set('content-security-policy', policy(ctx.oidc.params.post_logout_redirect_uri));
  ctx.body = page('Sign out', `<h1>Sign out?</h1><p class="lead">You will be signed out of Example ID.</p>${whole}`, {
    script: sure ? '<script src="/assets/submit.js" defer></script>' : '',
  });
}

/** oidc-provider's page after a sign-out without a way back. */
export async function signedOut(ctx) {
  ctx.set('content-security-policy', policy());
  ctx.body = page('Signed out', '<h1>Signed out</h1><p class="lead">You can close this page.</p>');
}
