// Runs Azurite until it is stopped or its standard input ends, so that it ends with the program that started it.
// After SIGTERM Azurite waits until its event loop is empty; unref keeps standard input from delaying that.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
// The reader of its output may have exited by then; that must not stop Azurite before it has saved its data.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
await import("azurite/dist/src/azurite.js");
