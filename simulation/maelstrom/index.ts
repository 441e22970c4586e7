// Maelstrom runs nodes as processes that speak JSON on their standard streams and plays the network between them. With this, any
// deterministic key-value system of ours is such a node for its `lin-kv` workload; `minos maelstrom` gives it the streams.
export { MaelstromNode, type MaelstromOptions } from "./node.js";
export { errorCodes, parseMessage, type MaelstromBody, type MaelstromMessage } from "./protocol.js";
