// Token ids of other implementations, for comparison.
//
//   node encode.mjs rust|javascript TOKENIZER.json < texts.jsonl > ids.jsonl
//
// rust is Hugging Face's own library (tokenizers, through its Node.js binding), javascript is transformers.js's
// (through @lenml/tokenizers). Texts are JSON strings, one a line; ids are JSON arrays, one a line. The special
// tokens are taken out of the tokenizer first, so that <|eot_id|> in a text is text, as it is in this project.
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const [implementation, path] = process.argv.slice(2);
const file = JSON.parse(readFileSync(path, "utf8"));
const tokenizer = { ...file, added_tokens: (file.added_tokens ?? []).filter((token) => !token.special), post_processor: null };
const encode = { rust, javascript }[implementation](tokenizer);

for await (const line of createInterface({ input: process.stdin })) {
  const answer = JSON.stringify(await encode(JSON.parse(line))) + "\n";
  for (let rest = Buffer.from(answer); rest.length > 0; ) rest = rest.subarray(write(rest));
}

function rust(json) {
  const genuine = require("@anush008/tokenizers").Tokenizer.fromString(JSON.stringify(json));
  return async (text) => (await genuine.encode(text, null, { addSpecialTokens: false })).getIds();
}

function javascript(json) {
  const { TokenizerLoader } = require("@lenml/tokenizers");
  const port = TokenizerLoader.fromPreTrained({
    tokenizerJSON: json,
    tokenizerConfig: { tokenizer_class: "PreTrainedTokenizerFast" },
  });
  return async (text) => port.encode(text, { add_special_tokens: false });
}

// A pipe that is full for the moment says so instead of waiting.
function write(bytes) {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (error.code === "EAGAIN") return 0;
    throw error;
  }
}
