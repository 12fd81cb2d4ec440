/**
 * What the pages say while the AI service is away: the shop's answers as they are then, put in the
 * place of its own. Throws when a page is silent about it.
 */
import { open, withBrowser } from "./browser.mjs";

/** Changes what the shop answers to GETs of `path`. */
function changed(page, path, changes) {
  return page.route(path, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: changes(await response.json()) });
  });
}

async function says(page, ...texts) {
  for (const text of texts) await page.getByText(text).waitFor();
}

async function home(page) {
  const stranger = (shown) => ({ ...shown, recommended: shown.popular, because: null });
  await changed(page, "**/api/home/", stranger);
  await page.goto("/");
  await says(page, "We have no recommendations for you at the moment");
}

async function search(page) {
  await changed(page, "**/api/search/*", (found) => ({ ...found, semantic: null }));
  await page.goto("/search?q=river");
  await says(page, "The search by meaning is away at the moment");
}

async function book(page) {
  const nothing = { summary: null, sentiment: null, delivery: null, similar: [] };
  await changed(page, "**/api/books/7/", (shown) => ({ ...shown, stock: 3, ...nothing }));
  const detail = "The assistant is away at the moment.";
  await page.route("**/ask/", (route) => route.fulfill({ status: 503, json: { detail } }));
  await page.goto("/books/7");
  await says(page, "We cannot tell how long", "not been summed up", "We cannot tell at the moment");
  await page.getByRole("button", { name: "Is it a good gift?" }).click();
  await says(page, detail);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await says(page, "In your cart.");
}

await withBrowser(async (browser) => {
  const context = await open(browser, { width: 360, height: 740 });
  for (const visit of [home, search, book]) await visit(await context.newPage());
});
