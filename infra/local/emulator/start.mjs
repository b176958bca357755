// Runs Azurite until it is stopped or its standard input ends: so it never outlives the program that started it.
// Azurite, told to stop, waits for its event loop to run empty; unref keeps standard input from holding that up.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
// Who read its output may be gone by then, and Azurite must not die of that before it has saved its data.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
await import("azurite/dist/src/azurite.js");
