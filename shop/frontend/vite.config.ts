import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: { manifest: true, target: "es2022" },
  server: { proxy: { "/api": process.env.SHOP_URL ?? "http://127.0.0.1:8000" } },
});
