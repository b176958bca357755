// Runs Azurite until it is stopped or its standard input ends: so it never outlives the program that started it.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume();
await import("azurite/dist/src/azurite.js");
