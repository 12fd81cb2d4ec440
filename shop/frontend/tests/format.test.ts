import assert from "node:assert/strict";
import { test } from "node:test";

import { cents, count, price } from "../src/format.ts";

test("prices are typed in many ways", () => {
  const typed = { "12": 1200, "12.5": 1250, "12,50": 1250, " €9.99 ": 999, "0": 0 };
  for (const [text, value] of Object.entries(typed)) assert.equal(cents(text), value, text);
  for (const text of ["", "abc", "-1", "1.234", "1e5", "123456"]) assert.equal(cents(text), null, text);
});

test("prices and numbers are shown as people write them", () => {
  assert.equal(price(5), "€0.05");
  assert.equal(count(1, "book"), "1 book");
  assert.equal(count(0, "book"), "0 books");
});
