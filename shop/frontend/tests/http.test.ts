import assert from "node:assert/strict";
import { test } from "node:test";

import { reached, reason, refusal } from "../src/http.ts";

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
    assert.equal(refused.message, "Something went wrong in the shop (502).", body);
  }
});

test("what never arrives is told in words for people; who gave up is not told", async () => {
  const failing = (name: string) => reached(Promise.reject(new DOMException("x", name)));
  await assert.rejects(failing("NetworkError"), { message: /cannot be reached/ });
  await assert.rejects(failing("TimeoutError"), { message: /too long/ });
  await assert.rejects(failing("AbortError"), { name: "AbortError" });
  await assert.rejects(reached(fetch("http://127.0.0.1:1/")), { message: /cannot be reached/ });
});
