// The only script of a report that is plain text: it inflates the viewer, which is most of a small report, and starts it.
import { bytesOfLetters } from "../../letters.js";

async function start(): Promise<void> {
  const packed = document.querySelector("#minos-viewer");
  const bytes = new Blob([bytesOfLetters(packed?.textContent ?? "")]);
  const text = await new Response(bytes.stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  const viewer = document.createElement("script");
  viewer.type = "module";
  viewer.textContent = text;
  packed?.remove();
  document.querySelector("#minos-boot")?.remove();
  document.head.append(viewer);
}

start().catch((error: unknown) => {
  const line = document.querySelector("#app .loading");
  if (line !== null) line.textContent = `This report cannot be read: ${String(error)}.`;
  document.documentElement.dataset["ready"] = "failed";
});
