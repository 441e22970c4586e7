// A node that writes why and ends before it serves anything.
console.error("cannot boot: there is nothing here to serve");
process.exit(7);
