// Builds the shipped store into dist/build/store. Run by `npm run build:system`.
import { join } from "node:path";

import { buildSystem, packageRoot } from "../system/index.js";

const build = await buildSystem({ outDirectory: join(packageRoot(), "dist", "build", "store") });
console.log(`${build.name} ${build.version} ${build.hash}`);
