/**
 * A real visit: somebody comes to the home page, goes to the list of books by a link, presses
 * something there that takes SLOW ms, and leaves at once.
 */
import { open, withBrowser } from "./browser.mjs";

const SLOW = 300;

await withBrowser(async (browser) => {
  const context = await open(browser, { width: 1280, height: 800 });
  const page = await context.newPage();
  const measures = page.waitForResponse(/\/assets\/vitals-.*\.js$/);
  await page.goto("/");
  await (await measures).finished();
  await page.locator("a[href='/books']").first().click();
  const heading = page.getByRole("heading", { name: "All books" });
  await heading.waitFor();
  await heading.evaluate((element, slow) => {
    element.addEventListener("click", () => {
      const end = performance.now() + slow;
      while (performance.now() < end);
    });
    // The browser tells of a press some time after its frame; of one that it has not, nobody hears.
    globalThis.pressed = new Promise((tell) => {
      const observer = new PerformanceObserver((list) => {
        if (list.getEntries().some(({ duration }) => duration >= slow)) tell();
      });
      observer.observe({ type: "event" });
    });
  }, SLOW);
  await heading.click();
  await page.evaluate(() => globalThis.pressed);
  await page.close();
});
