/**
 * A real browser before a running shop. From the environment: SHOP_URL, CHROMIUM (the program),
 * MODULES (the node_modules with playwright-core and axe-core).
 */
import { createRequire } from "node:module";
import { join } from "node:path";

const { SHOP_URL, CHROMIUM, MODULES } = process.env;
const require = createRequire(join(MODULES, "none.js"));
const { chromium } = require("playwright-core");

export const AXE = require.resolve("axe-core/axe.min.js");

const ARGS = [
  "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Calls `visit` with a browser that is closed in any case. */
export async function withBrowser(visit) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  try {
    return await visit(browser);
  } finally {
    await browser.close();
  }
}

/** A new person's window. */
export async function open(browser, { width, height, dark = false }) {
  const context = await browser.newContext({
    baseURL: SHOP_URL,
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    // Nothing fades while it is looked at.
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(20_000);
  return context;
}

/** POSTs to the shop as the window's person; the answer's body. */
export async function post(context, path, body) {
  const answer = await context.request.post(path, { data: body });
  if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`);
  return answer.json();
}
