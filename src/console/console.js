const REFRESH_MS = 1_000;

const element = (id) => document.getElementById(id);
let chosen;
let version = 0;
let cursor;

async function call(path, init) {
  const response = await fetch(`api${path}`, init);
  const body = await response.json().catch(() => undefined);
  if (response.ok) return body;
  throw Object.assign(new Error(body?.detail ?? `${path} answered ${response.status}`), { status: response.status });
}

const send = (path, body, headers = {}) =>
  call(path, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID(), ...headers },
    body: JSON.stringify(body),
  });

function say(text) {
  element("message").textContent = text;
}

function node(tag, text, children = []) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

/** Minor units in the currency's own decimals: a yen has none, a Kuwaiti dinar three. */
function money({ amount, currency }) {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function productRow({ productId, name, price, status, categoryId }) {
  const open = node("button", name);
  open.type = "button";
  open.addEventListener("click", () => {
    chosen = productId;
    showEntity();
  });
  return node("tr", "", [
    node("td", "", [open]),
    node("td", money(price)),
    node("td", status),
    node("td", categoryId ?? "–"),
  ]);
}

async function showProducts() {
  const page = await call("/products?limit=20");
  element("products").replaceChildren(...page.rows.map(productRow));
  cursor = page.cursor;
  element("more").hidden = cursor === undefined;
}

async function showMore() {
  const page = await call(`/products?limit=20&cursor=${encodeURIComponent(cursor)}`);
  element("products").append(...page.rows.map(productRow));
  cursor = page.cursor;
  element("more").hidden = cursor === undefined;
}

function eventItem({ sequenceNumber, eventType, eventTime, userId, eventData }) {
  const item = node("li", `${eventType} `, [
    node("small", `by ${userId}, ${eventTime}`),
    node("code", JSON.stringify(eventData)),
  ]);
  item.value = sequenceNumber;
  return item;
}

/** Undefined for what is not there yet. */
const orNothing = (error) => {
  if (error.status === 404) return undefined;
  throw error;
};

async function allEvents(id) {
  const all = [];
  for (let from = 1; from !== undefined; ) {
    const { events, nextFrom } = await call(`/entities/${encodeURIComponent(id)}/events?limit=1000&from=${from}`);
    all.push(...events);
    from = nextFrom;
  }
  return all;
}

async function showEntity() {
  if (chosen === undefined) return;
  const id = encodeURIComponent(chosen);
  const [events, row, snapshot] = await Promise.all([
    allEvents(chosen),
    call(`/products/${id}`).catch(orNothing),
    call(`/entities/${id}/snapshots`).catch(orNothing),
  ]);
  version = events.at(-1)?.sequenceNumber ?? 0;
  element("entity").hidden = false;
  element("entity-title").textContent = `Events of ${chosen}`;
  element("version").textContent = version;
  element("row-version").textContent = row?.version ?? "not yet any";
  element("snapshot").textContent = snapshot ? `at ${snapshot.version}` : "not made yet";
  element("events").replaceChildren(...events.reverse().map(eventItem));
}

async function showProjections() {
  const { projections } = await call("/projections");
  const rows = projections.map(({ projection, servingGeneration, eventsBehind, oldestWaitingSeconds, parked }) =>
    node(
      "tr",
      "",
      [projection, servingGeneration ?? "–", eventsBehind, oldestWaitingSeconds, parked].map((text) =>
        node("td", text),
      ),
    ),
  );
  element("projections").replaceChildren(...rows);
}

element("create").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, amount, currency } = Object.fromEntries(new FormData(event.target));
  try {
    const stored = await send("/products", { name, price: { amount: Number(amount), currency } });
    chosen = stored.entityId;
    say(`${stored.events.join(", ")} stored at version ${stored.version}`);
    event.target.reset();
    await refresh();
  } catch (error) {
    say(error.message);
  }
});

element("change-price").addEventListener("submit", async (event) => {
  event.preventDefault();
  const amount = Number(new FormData(event.target).get("amount"));
  try {
    const { price } = await call(`/products/${encodeURIComponent(chosen)}`);
    const body = { price: { amount, currency: price.currency } };
    const stored = await send(`/products/${encodeURIComponent(chosen)}/change-price`, body, {
      "if-match": `"${version}"`,
    });
    say(
      stored.events.length > 0
        ? `${stored.events.join(", ")} stored at version ${stored.version}`
        : "nothing changed, so nothing was stored",
    );
    await refresh();
  } catch (error) {
    say(error.message);
  }
});

element("more").addEventListener("click", () => showMore().catch((error) => say(error.message)));

async function refresh() {
  await Promise.all([showProducts(), showEntity(), showProjections()]);
}

async function keepFresh() {
  await refresh().catch((error) => say(error.message));
  setTimeout(keepFresh, REFRESH_MS);
}

keepFresh();
