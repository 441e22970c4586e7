// Builds the report's viewer into one file, dist/reports/viewer.html: scripts and styles inlined, nothing loaded from anywhere. The script is
// deflated, which halves what every report weighs before it says anything; a few lines of plain script inflate it (src/boot.ts).
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";
import { buildSync } from "esbuild";
import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { lettersOf } from "../letters.js";

const inlined = /<script type="module"[^>]*>([\s\S]*?)<\/script>/;

function bootScript(): string {
  const entryPoints = [fileURLToPath(new URL("src/boot.ts", import.meta.url))];
  const { outputFiles } = buildSync({ entryPoints, bundle: true, minify: true, format: "esm", write: false });
  return outputFiles.map(({ text }) => text.trim()).join("");
}

/** After the script was inlined: puts its deflated text beside the script that inflates it. */
function deflateScript(): Plugin {
  return {
    name: "minos-deflate-script",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== "asset" || !file.fileName.endsWith(".html")) continue;
          const page = String(file.source);
          const [whole, script] = inlined.exec(page) ?? [];
          if (whole === undefined || script === undefined) throw new Error("the viewer's script was not inlined");
          const letters = lettersOf(deflateRawSync(script, { level: 9 }));
          const parts = [
            `<script type="application/octet-stream" id="minos-viewer">${letters}</script>`,
            `<script type="module" id="minos-boot">${bootScript()}</script>`,
          ];
          file.source = page.replace(whole, () => parts.join("\n    "));
        }
      },
    },
  };
}

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [viteSingleFile({ removeViteModuleLoader: true }), deflateScript()],
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
