// llama.cpp's side of the serving benchmark.
//
//   node evaluate.mjs MODEL.gguf THREADS SEQUENCES
//
// Each line of standard input is a JSON array of articles, each an array of token ids; the answer is one line with the
// seconds that they took. Articles run SEQUENCES at a time in one batch. Only the last token of each has an output: its
// logits for four tokens, which is what somebody who classifies with llama.cpp reads.
import { createInterface } from "node:readline";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const [modelPath, threads, sequences] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const tokensPerSequence = 256;
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: threads, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  sequences, contextSize: tokensPerSequence, batchSize: Math.min(2048, sequences * tokensPerSequence), threads: { ideal: threads, min: threads },
});
const free = Array.from({ length: sequences }, () => context.getSequence());

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const articles = JSON.parse(line);
  const start = performance.now();
  for (let first = 0; first < articles.length; first += sequences) {
    await Promise.all(articles.slice(first, first + sequences).map((tokens, i) => classify(free[i], tokens)));
  }
  console.log((performance.now() - start) / 1000);
}
process.exit(0);

async function classify(sequence, tokens) {
  await sequence.clearHistory();
  const last = [tokens.at(-1), { generateNext: { logits: { filter: { tokens: [0, 1, 2, 3] } } } }];
  await sequence.controlledEvaluate([...tokens.slice(0, -1), last]);
}
