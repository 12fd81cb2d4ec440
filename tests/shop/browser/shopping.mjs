/**
 * Somebody finds a book, buys two of it and looks at the order, narrows the list, opens an account,
 * asks about a book and reviews it. Throws when they cannot.
 */
import assert from "node:assert/strict";

import { open, withBrowser } from "./browser.mjs";

async function find(page) {
  await page.goto("/");
  await page.getByRole("searchbox").fill("river");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/search?q=river");
  await page.locator(".books a").first().click();
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByText("In your cart.").waitFor();
  // Another page begins at its top, with the focus on its content.
  assert.equal(await page.evaluate(() => scrollY), 0);
  return page.locator("h1").innerText();
}

async function buy(page, title) {
  await page.getByRole("link", { name: "your cart" }).click();
  await page.getByRole("button", { name: `One more copy of ${title}` }).click();
  await page.getByText("2 copies").waitFor();
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.getByLabel("Name").fill("Ada Lund");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("City").fill("Brenn");
  await page.getByRole("button", { name: "Order" }).click();
  await page.waitForURL(/\/orders\/\d+$/);
  await page.getByText("Thank you, Ada Lund").waitFor();
  // So does one that takes the place of another in the history.
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  assert.equal(await page.locator("tbody tr td").nth(1).innerText(), "2");
  assert.equal(await page.locator(".copies").count(), 0, "the cart is not empty");
}

/** The filters are in the URL: sent to somebody else, it shows the same. */
async function narrow(page) {
  await page.goto("/books");
  await page.getByLabel("Order").selectOption("price");
  await page.getByLabel("In stock").check();
  await page.waitForURL("**/books?sort=price&in_stock=1");
  await page.getByLabel("Price from").fill("12,50");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/books?sort=price&min_price=1250&in_stock=1");
  await page.reload();
  assert.equal(await page.getByLabel("Order").inputValue(), "price");
  assert.ok(await page.getByLabel("In stock").isChecked());
  const before = await page.locator(".books > li").count();
  await page.getByRole("button", { name: "Show more" }).click();
  await page.waitForFunction((n) => document.querySelectorAll(".books > li").length > n, before);
}

/** From a book to the account and back. */
async function register(page, book) {
  await page.goto(book);
  await page.getByRole("link", { name: "Log in" }).click();
  const form = page.locator("form", { hasText: "Open an account" });
  await form.getByLabel("Name").fill("Ada Lund");
  await form.getByLabel("E-mail").fill(`ada${Date.now()}@example.com`);
  await form.getByLabel("City").fill("Brenn");
  await form.getByLabel("Password").fill("a long harbour walk");
  await form.getByRole("button", { name: "Register" }).click();
  await page.waitForURL(`**${book}`);
}

async function ask(page) {
  await page.getByLabel("Your question").fill("What do readers like about it?");
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByText("Answered by our model").waitFor();
  // An answer that never comes can be stopped.
  await page.route("**/ask/", () => {});
  await page.getByRole("button", { name: "What do they criticise?" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.").waitFor();
}

async function review(page) {
  await page.getByText("Write a review").click();
  await page.getByRole("radio", { name: "Very good" }).check();
  await page.getByLabel("Your review").fill("It kept me company on the ferry.");
  await page.getByRole("button", { name: "Send review" }).click();
  await page.locator(".reviews").getByText("It kept me company on the ferry.").waitFor();
}

await withBrowser(async (browser) => {
  const context = await open(browser, { width: 1280, height: 800 });
  const page = await context.newPage();
  await buy(page, await find(page));
  await narrow(page);
  await register(page, "/books/7");
  await ask(page);
  await review(page);
});
