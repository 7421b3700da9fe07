// Session guard and chip for Kong Manager. A plain classic script, appended to kconfig.js.
// Reads window.KONG_SSO = {api, loginUrl, uiBase, user, workspace, workspaces, signOutUrl}:
//   api         base of the protected Admin API ("/_api" or absolute)
//   loginUrl    where a new login starts, when the response header names none
//   uiBase      admin UI ("/_sso")
//   user        signed-in name
//   workspace   current workspace; workspaces: names the user may choose
//   guiUrl      Kong Manager's own address, default "/"
//   signOutUrl  page with the sign-out button
(function () {
  "use strict";
  var sso = window.KONG_SSO;
  if (!sso || sso.installed) return;
  sso.installed = true;

  var LOGIN_HEADER = "X-Kong-Sso-Login";
  var ONCE_KEY = "kong-sso-login-at";
  var ONCE_MS = 10000;
  var api = new URL(sso.api || "/_api", location.href);
  var apiPath = api.pathname.replace(/\/+$/, "");
  var asking = false;

  /** True for URLs below the Admin API: same origin and path prefix. */
  function isAdminApi(url) {
    try {
      var parsed = new URL(url, location.href);
      return parsed.origin === api.origin && (parsed.pathname === apiPath || parsed.pathname.indexOf(apiPath + "/") === 0);
    } catch (error) {
      return false;
    }
  }

  /** At most one navigation in ten seconds, so that a misconfiguration cannot loop. */
  function mayNavigate() {
    var now = Date.now();
    try {
      if (now - Number(sessionStorage.getItem(ONCE_KEY) || 0) < ONCE_MS) return false;
      sessionStorage.setItem(ONCE_KEY, String(now));
    } catch (error) {
      if (now - (sso.lastLogin || 0) < ONCE_MS) return false;
      sso.lastLogin = now;
    }
    return true;
  }

  /** The login address must be http(s) on this origin or on the Admin API's. */
  function loginTarget(header) {
    var url;
    try {
      url = new URL(header, api.href);
      if (url.origin !== location.origin && url.origin !== api.origin) return null;
    } catch (error) {
      return null;
    }
    url.searchParams.set("return_to", location.pathname + location.search);
    return url.href;
  }

  function onUnauthorized(method, header) {
    var target = loginTarget(header || sso.loginUrl || "");
    if (!target || asking) return;
    if (method !== "GET" && method !== "HEAD") {
      asking = true;
      ask(target);
      return;
    }
    if (mayNavigate()) location.assign(target);
  }

  function onAnswer(method, status, header, readMessage) {
    if (status === 401 && header) onUnauthorized(method, header);
    else if (status === 403) readMessage(function (message) { toast(message || "You do not have permission for this."); });
  }

  function messageOf(text) {
    try {
      var message = JSON.parse(text).message;
      return typeof message === "string" ? message.slice(0, 300) : "";
    } catch (error) {
      return "";
    }
  }

  // XMLHttpRequest (Kong Manager's client) and fetch.
  var open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (method, url) {
    var request = this;
    if (isAdminApi(url)) {
      request.addEventListener("load", function () {
        onAnswer(String(method).toUpperCase(), request.status, request.getResponseHeader(LOGIN_HEADER), function (done) {
          var type = request.responseType;
          if (type === "" || type === "text") done(messageOf(request.responseText));
          else if (type === "json") done(request.response && typeof request.response.message === "string" ? request.response.message.slice(0, 300) : "");
          else done("");
        });
      }, { once: true });
    }
    return open.apply(this, arguments);
  };

  if (typeof window.fetch === "function") {
    var fetchNative = window.fetch;
    window.fetch = function (input, init) {
      var isRequest = typeof Request === "function" && input instanceof Request;
      var url = isRequest ? input.url : String(input);
      var method = String((init && init.method) || (isRequest && input.method) || "GET").toUpperCase();
      return fetchNative.apply(this, arguments).then(function (response) {
        if (isAdminApi(url)) {
          onAnswer(method, response.status, response.headers.get(LOGIN_HEADER), function (done) {
            response.clone().text().then(function (text) { done(messageOf(text)); }, function () { done(""); });
          });
        }
        return response;
      });
    };
  }

  // Everything visible lives in one shadow root: Kong Manager's styles and ours never meet.
  var root = null;
  var SHEET = [
    ":host{all:initial;position:fixed;right:12px;bottom:12px;z-index:2147483000;color-scheme:light dark;font:400 13px/20px system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif}",
    "*{box-sizing:border-box}",
    ".box{display:flex;flex-direction:column;align-items:flex-end;gap:8px;max-width:calc(100vw - 24px)}",
    ".chip,.panel,.note{background:#fff;color:#18202c;border:1px solid #d8dde4;border-radius:6px;box-shadow:0 4px 16px rgb(16 24 40 / 14%)}",
    ".chip{display:flex;align-items:center;gap:8px;max-width:320px;min-height:32px;padding:4px 10px;font:inherit;cursor:pointer}",
    ".chip:hover{background:#f1f3f6}",
    ".dot{width:8px;height:8px;border-radius:50%;background:#176639;flex:none}",
    ".name{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}",
    ".ws{color:#566171;white-space:nowrap}",
    ".panel{width:260px;max-width:100%;padding:4px}",
    ".panel[hidden]{display:none}",
    ".who{margin:0;padding:8px 12px;border-bottom:1px solid #e7eaef;overflow-wrap:anywhere}",
    ".who span{display:block;color:#566171}",
    ".row{display:grid;gap:4px;padding:8px 12px;border-bottom:1px solid #e7eaef}",
    "label{color:#566171}",
    "select{width:100%;min-height:32px;padding:4px 8px;border:1px solid #868f9c;border-radius:6px;background:#fff;color:inherit;font:inherit}",
    "a,.plain{display:block;width:100%;padding:6px 12px;border:0;border-radius:4px;background:none;color:inherit;font:inherit;text-align:left;text-decoration:none;cursor:pointer}",
    "a:hover,.plain:hover{background:#f1f3f6}",
    ".note{display:grid;gap:8px;width:340px;max-width:100%;padding:12px;border-left:4px solid #b3211d;overflow-wrap:anywhere}",
    ".note p{margin:0}",
    ".acts{display:flex;flex-wrap:wrap;gap:8px}",
    ".btn{min-height:28px;padding:3px 10px;border:1px solid #868f9c;border-radius:6px;background:#fff;color:inherit;font:inherit;cursor:pointer}",
    ".btn.main{border-color:#1650c4;background:#1650c4;color:#fff}",
    ":focus-visible{outline:2px solid #1650c4;outline-offset:2px}",
    "@media (prefers-color-scheme:dark){.chip,.panel,.note,select,.btn{background:#151b25;color:#e7ebf2;border-color:#3a4656}.chip:hover,a:hover,.plain:hover{background:#242d3a}.who,.row{border-color:#242d3a}.ws,.who span,label{color:#9fabbb}.dot{background:#6fd195}.note{border-left-color:#ff9892}.btn.main{background:#83b0ff;border-color:#83b0ff;color:#0b1526}:focus-visible{outline-color:#83b0ff}}",
    "@media (max-width:480px){.ws{display:none}.chip{max-width:200px}}",
    "@media print{:host{display:none}}"
  ].join("\n");

  function element(tag, className, text) {
    var node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  /** Styles go in through CSSOM, which a CSP without unsafe-inline allows. */
  function styled(shadow) {
    try {
      var sheet = new CSSStyleSheet();
      sheet.replaceSync(SHEET);
      shadow.adoptedStyleSheets = [sheet];
    } catch (error) {
      shadow.host.style.setProperty("position", "fixed");
      shadow.host.style.setProperty("right", "12px");
      shadow.host.style.setProperty("bottom", "12px");
    }
  }

  function link(text, href) {
    var node = element("a", "", text);
    node.href = href;
    return node;
  }

  function chooseWorkspace(name) {
    document.cookie = "kong_sso_ws=" + encodeURIComponent(name) + "; Path=/; SameSite=Lax" + (location.protocol === "https:" ? "; Secure" : "");
    location.assign(sso.guiUrl || "/");
  }

  function mount() {
    if (root || !document.body) return;
    var host = document.createElement("kong-sso-chip");
    var shadow = host.attachShadow({ mode: "open" });
    styled(shadow);
    root = element("div", "box");
    root.setAttribute("role", "region");
    root.setAttribute("aria-label", "Signed-in admin");
    shadow.append(root);
    document.body.append(host);
    if (sso.user) chip();
  }

  function chip() {
    var panel = element("div", "panel");
    panel.id = "panel";
    panel.hidden = true;
    var who = element("p", "who");
    who.append(element("span", "", "Signed in as"), document.createTextNode(sso.user));
    panel.append(who);
    var names = Array.isArray(sso.workspaces) ? sso.workspaces : [];
    if (names.length > 1) {
      var row = element("div", "row");
      var label = element("label", "", "Workspace");
      label.htmlFor = "ws";
      var select = element("select");
      select.id = "ws";
      names.forEach(function (name) { select.append(new Option(name, name, name === sso.workspace, name === sso.workspace)); });
      var go = element("button", "btn", "Switch");
      go.type = "button";
      go.addEventListener("click", function () { if (select.value !== sso.workspace) chooseWorkspace(select.value); });
      row.append(label, select, go);
      panel.append(row);
    }
    var base = sso.uiBase || "/_sso";
    panel.append(link("Admins, roles and audit", base + "/"), link("Profile", base + "/profile"), link("Sign out", sso.signOutUrl || base + "/logout"));

    var button = element("button", "chip");
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", "panel");
    button.setAttribute("aria-label", "Signed in as " + sso.user + (sso.workspace ? ", workspace " + sso.workspace : ""));
    button.append(element("span", "dot"), element("span", "name", sso.user));
    if (sso.workspace) button.append(element("span", "ws", "in " + sso.workspace));

    function show(open) {
      panel.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    }
    button.addEventListener("click", function () { show(panel.hidden); });
    root.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && !panel.hidden) { show(false); button.focus(); }
    });
    document.addEventListener("click", function (event) {
      if (event.composedPath().indexOf(root) === -1) show(false);
    });
    root.append(panel, button);
  }

  function note(text, role, buttons) {
    mount();
    if (!root) return null;
    var box = element("div", "note");
    box.setAttribute("role", role);
    box.append(element("p", "", text));
    var acts = element("div", "acts");
    buttons.forEach(function (spec) {
      var button = element("button", spec.main ? "btn main" : "btn", spec.text);
      button.type = "button";
      button.addEventListener("click", function () { box.remove(); if (spec.run) spec.run(); });
      acts.append(button);
    });
    box.append(acts);
    root.prepend(box);
    return box;
  }

  var lastToast = null;
  function toast(text) {
    if (lastToast) lastToast.remove();
    var box = note(text, "status", [{ text: "Dismiss" }]);
    lastToast = box;
    if (box) setTimeout(function () { if (!box.matches(":hover") && !box.matches(":focus-within")) box.remove(); }, 8000);
  }

  /** Unsaved form data would be lost: ask before leaving the page. */
  function ask(target) {
    var box = note("Your session has ended and the change was not saved. Copy what you typed, then sign in again.", "alertdialog", [
      { text: "Sign in again", main: true, run: function () { asking = false; try { sessionStorage.setItem(ONCE_KEY, String(Date.now())); } catch (error) { sso.lastLogin = Date.now(); } location.assign(target); } },
      { text: "Stay here", run: function () { asking = false; } }
    ]);
    if (!box) { asking = false; return; }
    box.setAttribute("aria-label", "Session ended");
    box.querySelector("button").focus();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
  else mount();
})();
