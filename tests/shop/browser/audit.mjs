/**
 * Looks at every page in three windows and prints, as JSON, a list of
 * {page, window, elements, wider, bytes, requests, cls, failed, violations}; `wider`: pixels beyond
 * the window's width. With SHOTS=FOLDER it keeps a picture of each.
 */
import { join } from "node:path";

import { AXE, open, post, withBrowser } from "./browser.mjs";

const WINDOWS = {
  phone: { width: 360, height: 740 },
  desktop: { width: 1280, height: 800 },
  dark: { width: 1280, height: 800, dark: true },
};

const ADDRESS = { name: "Ada Lund", email: "ada@example.com", city: "Brenn" };

/** Page -> path, for a person with a filled cart and an order behind them. */
async function pages(context) {
  // The most popular book has most to show: a summary, a mood, a page full of reviews.
  const { popular } = await (await context.request.get("/api/home/")).json();
  const book = popular[0].id;
  await post(context, "/api/cart/items/", { book });
  const { id } = await post(context, "/api/checkout/", ADDRESS);
  await post(context, "/api/cart/items/", { book: popular[1].id, quantity: 2 });
  await post(context, "/api/cart/items/", { book: popular[2].id });
  return {
    home: "/",
    browse: "/books",
    "browse, narrowed": "/books?sort=price&min_rating=4&in_stock=1",
    "browse, nothing": "/books?genre=nothing-of-this-kind",
    search: "/search?q=river",
    "search, nothing": `/search?q=${"z".repeat(80)}`,
    "search, empty": "/search",
    book: `/books/${book}`,
    "book, unknown": "/books/99999999",
    nowhere: "/nothing/of/this/kind",
    cart: "/cart",
    checkout: "/checkout",
    order: `/orders/${id}`,
    orders: "/orders",
    account: "/account",
    assistant: "/assistant?q=river",
    "assistant, chosen": `/assistant?q=river&book=${book}`,
  };
}

function watchShifts() {
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}

/** Counts what is fetched from now on. */
async function count(page) {
  const seen = { requests: 0, bytes: 0, failed: [] };
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  session.on("Network.requestWillBeSent", ({ request }) => {
    if (!request.url.startsWith("data:")) seen.requests += 1;
  });
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    seen.bytes += encodedDataLength;
  });
  page.on("pageerror", (error) => seen.failed.push(String(error)));
  return seen;
}

async function look(context, name, path, size) {
  const page = await context.newPage();
  await page.addInitScript(watchShifts);
  const seen = await count(page);
  await page.goto(path, { waitUntil: "networkidle" });
  await page.locator("main > *").first().waitFor();
  await page.getByText("Loading…").waitFor({ state: "detached" });
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(async () => ({
    elements: document.querySelectorAll("*").length,
    wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    cls: window.shifts,
    violations: (await window.axe.run()).violations.map((v) => ({
      id: v.id,
      impact: v.impact,
      targets: v.nodes.map((node) => `${node.target} ${node.failureSummary}`),
    })),
  }));
  if (process.env.SHOTS) {
    const file = `${name.replace(/\W+/g, "-")}.${size}.png`;
    await page.screenshot({ path: join(process.env.SHOTS, file), fullPage: true });
  }
  await page.close();
  return { page: name, window: size, ...seen, ...found };
}

async function tour(browser, size) {
  const context = await open(browser, WINDOWS[size]);
  const found = [];
  for (const [name, path] of Object.entries(await pages(context))) {
    found.push(await look(context, name, path, size));
  }
  await context.close();
  return found;
}

// At the same time: most of a look is waiting for the page to be quiet.
const tours = (browser) => Promise.all(Object.keys(WINDOWS).map((size) => tour(browser, size)));
console.log(JSON.stringify((await withBrowser(tours)).flat()));
