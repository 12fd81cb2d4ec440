/** Somebody finds a book, buys two of it and looks at the order; throws when they cannot. */
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

await withBrowser(async (browser) => {
  const context = await open(browser, { width: 1280, height: 800 });
  const page = await context.newPage();
  await buy(page, await find(page));
  await narrow(page);
});
