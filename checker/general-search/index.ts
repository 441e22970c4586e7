// Linearizability for any model, of which nothing is known but how an operation changes a state: the search that is left where a
// model has no structure to use, and the one that the engines for registers are held against. Exponential at worst, so it lives
// by its budget. What could not be linearized it can tell, but not which operations contradict each other.
export { searchWingGong } from "./wing-gong.js";
