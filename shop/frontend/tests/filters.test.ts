import assert from "node:assert/strict";
import { test } from "node:test";

import { type Filters, narrowed, NONE, read, write } from "../src/filters.ts";

const ALL: Filters = {
  genre: "crime",
  sort: "price",
  minPrice: 500,
  maxPrice: 2000,
  minRating: 4.5,
  inStock: true,
};

test("what is written into the URL is read back", () => {
  for (const filters of [ALL, NONE, { ...NONE, minPrice: 0 }, { ...NONE, inStock: true }]) {
    assert.deepEqual(read(write(filters)), filters);
  }
});

test("what is as usual leaves the URL empty", () => {
  assert.equal(write(NONE).toString(), "");
});

test("nonsense in the URL counts as not said", () => {
  const query = "sort=constructor&min_price=-3&max_price=1e9&min_rating=NaN&in_stock=yes&x=y";
  assert.deepEqual(read(new URLSearchParams(query)), NONE);
  assert.equal(read(new URLSearchParams("min_rating=9")).minRating, 0);
});

test("the order narrows nothing", () => {
  assert.equal(narrowed({ ...NONE, sort: "newest" }), 0);
  assert.equal(narrowed(ALL), 5);
});
