import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Below this many bytes a compressed file saves nothing: it fits a packet as it is. */
const WORTH_IT = 1400;

/** Writes .gz and .br beside the assets: WhiteNoise serves them, and no request compresses. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    writeBundle({ dir }) {
      const folder = join(dir!, "assets");
      for (const name of readdirSync(folder).filter((name) => /\.(js|css|svg)$/.test(name))) {
        const content = readFileSync(join(folder, name));
        if (content.length < WORTH_IT) continue;
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    manifest: true,
    target: "es2022",
    // Covers stay files: in the JavaScript they would be fetched by all, seen or not.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // What seldom changes keeps its name, and its place in browsers' caches, over releases.
        codeSplitting: { groups: [{ name: "libraries", test: /rolldown\/runtime|node_modules\/(?!web-vitals)/ }] },
      },
    },
  },
  server: { proxy: { "/api": process.env.SHOP_URL ?? "http://127.0.0.1:8000" } },
});
