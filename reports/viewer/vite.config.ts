// Builds the report's viewer into one file, dist/reports/viewer.html: scripts and styles inlined, nothing loaded from anywhere.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: fileURLToPath(new URL("../../dist/reports", import.meta.url)),
    // The same directory holds the compiled room.
    emptyOutDir: false,
    target: "es2022",
    rollupOptions: { input: fileURLToPath(new URL("viewer.html", import.meta.url)) },
  },
  logLevel: "warn",
});
