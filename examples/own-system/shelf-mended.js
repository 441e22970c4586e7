// Shelf without the bug: every read asks the primary.
import { shelf } from "./shelf.js";

export default shelf("primary");
