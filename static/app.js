// Progressive helpers of the admin UI. Every page works without this file.
document.documentElement.classList.add("js");

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// One polite live region for "Copied" and filter counts.
const live = document.createElement("p");
live.className = "sr";
live.setAttribute("role", "status");
document.body.append(live);

/** Copies text; falls back to a selection where the Clipboard API is missing (plain HTTP). */
async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  area.setAttribute("readonly", "");
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await copyText(button.dataset.copy);
    live.textContent = "Copied";
    button.classList.add("done");
    const use = button.querySelector("use");
    const before = use?.getAttribute("href");
    if (use) use.setAttribute("href", before.replace(/#.*/, "#check"));
    button.focus();
    setTimeout(() => {
      button.classList.remove("done");
      if (use) use.setAttribute("href", before);
      live.textContent = "";
    }, 1500);
  } catch {
    live.textContent = "Copying was refused by the browser; select the text instead";
  }
});

// Relative times grow older while the page is open.
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const words = new Intl.RelativeTimeFormat("en", { numeric: "always" });

function relative(seconds) {
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

function refreshTimes() {
  for (const time of all("time[datetime]")) {
    const at = Date.parse(time.dateTime);
    if (!Number.isNaN(at)) time.textContent = relative((at - Date.now()) / 1000);
  }
}
setInterval(refreshTimes, 30000);

// Live filter: narrows the rows on this page while typing; Enter asks the server for all pages.
for (const input of all("input[data-filter]")) {
  const table = document.getElementById(input.dataset.filter);
  if (!table) continue;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    live.textContent = `${shown} of ${table.tBodies[0].rows.length} rows on this page`;
  });
}

// A destructive button waits until the name is typed.
for (const input of all("input[data-confirm]")) {
  const button = input.form?.querySelector("button[type=submit]");
  if (!button) continue;
  const check = () => { button.disabled = input.value !== input.dataset.confirm; };
  input.addEventListener("input", check);
  check();
}

// Rules form: further rows are copies of the first, renumbered.
for (const rows of all("[data-rows]")) {
  const first = rows.querySelector("[data-row]");
  let next = rows.children.length;
  rows.closest("form").querySelector("[data-row-add]")?.addEventListener("click", () => {
    const row = first.cloneNode(true);
    const number = next++;
    for (const part of all("[id],[for],[name]", row)) {
      for (const name of ["id", "for", "name"]) {
        if (part.hasAttribute(name)) part.setAttribute(name, part.getAttribute(name).replace(/\.\d+/, `.${number}`));
      }
      part.removeAttribute("aria-invalid");
      if (part.matches("input[type=checkbox]")) part.checked = false;
      else if (part.matches("input")) part.value = "";
    }
    all(".error-text", row).forEach((text) => text.remove());
    const remove = row.querySelector("[data-row-remove]");
    remove.hidden = false;
    remove.addEventListener("click", () => {
      row.remove();
      rows.closest("form").querySelector("[data-row-add]").focus();
    });
    rows.append(row);
    row.querySelector("select, input").focus();
  });
}

// The workspace switcher submits itself only for a pointer or Enter, never on each arrow key.
for (const select of all("select[data-submit]")) {
  const initial = select.value;
  const button = select.form.querySelector("[data-hide-with-js]");
  const show = () => { button.hidden = select.value === initial; };
  select.addEventListener("change", show);
  show();
}

// The account menu closes with Escape and with a click elsewhere.
for (const menu of all("details[data-menu]")) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// A link to a section inside a closed block opens that block.
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const block = target && target.closest("details");
  if (block) block.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

// Errors first: focus the summary, so that a screen reader reads it; then keep the current page's item in view.
document.querySelector("[data-focus]")?.focus();
const side = document.querySelector(".side");
const here = side?.querySelector("[aria-current]");
if (side && here && side.scrollWidth > side.clientWidth) side.scrollLeft = here.offsetLeft - 16;
