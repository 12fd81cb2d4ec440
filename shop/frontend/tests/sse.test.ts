import assert from "node:assert/strict";
import { test } from "node:test";

import { EventStream } from "../src/sse.ts";

const STREAM = 'data: {"text": "A"}\n\n: still here\n\ndata: {"text": "é"}\r\n\r\ndata: one\r\rdata: two\ndata:three\n\n';
const EVENTS = ['{"text": "A"}', '{"text": "é"}', "one", "two\nthree"];

test("events come out whole, whatever the chunks", () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const stream = new EventStream();
    const found: string[] = [];
    for (let at = 0; at < STREAM.length; at += size) {
      found.push(...stream.push(STREAM.slice(at, at + size)));
    }
    assert.deepEqual(found, EVENTS, `in chunks of ${size}`);
  }
});

test("an event that is not ended is not given", () => {
  const stream = new EventStream();
  assert.deepEqual(stream.push("data: half"), []);
  assert.deepEqual(stream.push("\n"), []);
  assert.deepEqual(stream.push("\n"), ["half"]);
});

test("other fields and empty events say nothing", () => {
  const stream = new EventStream();
  assert.deepEqual(stream.push("event: x\nid: 7\nretry: 5\n\n\n\ndata:\n\n"), []);
});
