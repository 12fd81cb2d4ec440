import assert from "node:assert/strict";
import { test } from "node:test";

import { reason, refusal } from "../src/http.ts";

test("a refusal speaks with the shop's words", async () => {
  const said = new Response('{"email": ["That is no address.", "Nor this."]}', { status: 400 });
  const refused = await refusal(said);
  assert.equal(refused.message, "That is no address.");
  assert.equal(refused.status, 400);
  assert.equal(reason({ detail: "Not found." }), "Not found.");
});

test("an answer that is no JSON, or says nothing, is named by its status", async () => {
  for (const body of ["<h1>Bad gateway</h1>", "{}", "[]", "7", '{"a": {"b": 1}}']) {
    const refused = await refusal(new Response(body, { status: 502 }));
    assert.equal(refused.message, "The shop answered 502.", body);
  }
});
