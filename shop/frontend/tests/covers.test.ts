import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { covers } from "../scripts/covers.mjs";

const FOLDER = new URL("../src/covers/", import.meta.url);

test("the covers in the tree are what the script draws", () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), [...covers().keys()].sort());
  for (const [name, content] of covers()) {
    assert.equal(readFileSync(new URL(name, FOLDER), "utf8"), content, name);
    assert.ok(content.length < 4096, `${name} is too large`);
  }
});
