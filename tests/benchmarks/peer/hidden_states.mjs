// The hidden state of each text's last token, computed by llama.cpp in fp32.
//
//   node hidden_states.mjs FOLDER < rows.json > states.json
//
// FOLDER has the config.json and the model.safetensors (fp32) of a Llama, a Mistral, a Qwen2 or a Qwen3. It is written as
// GGUF (ggml/docs/gguf.md) with a language-model head whose first rows are the identity, so that the logits of a token are
// its hidden state. rows.json is an array of texts, each an array of token ids.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const ALIGNMENT = 32;
const LINEARS = {
  "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
  "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
};
const NORMS = {
  input_layernorm: "attn_norm", post_attention_layernorm: "ffn_norm", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
};

const folder = process.argv[2];
const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
const headDim = config.head_dim ?? config.hidden_size / config.num_attention_heads;
// llama.cpp computes a Mistral as a Llama.
const architecture = config.model_type.startsWith("qwen") ? config.model_type : "llama";
const rows = JSON.parse(readFileSync(0, "utf8"));
const path = join(folder, "model.gguf");
writeFileSync(path, gguf(settings(), tensors(readSafetensors(join(folder, "model.safetensors")))));

const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: 1, logLevel: LlamaLogLevel.error });
const model = await llama.loadModel({ modelPath: path });
const context = await model.createContext({
  contextSize: 128, batchSize: 128, flashAttention: false, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32",
});
const sequence = context.getSequence();
const channels = Array.from({ length: config.hidden_size }, (_, channel) => channel);
const states = [];
for (const ids of rows) {
  await sequence.clearHistory();
  const last = [ids.at(-1), { generateNext: { logits: { filter: { tokens: channels } } } }];
  const { logits } = (await sequence.controlledEvaluate([...ids.slice(0, -1), last])).at(-1).next;
  states.push(channels.map((channel) => logits.get(channel)));
}
console.log(JSON.stringify(states));
process.exit(0);

function readSafetensors(file) {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...entries } = JSON.parse(bytes.subarray(8, start).toString());
  return new Map(Object.entries(entries).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    if (dtype !== "F32") throw new Error(`${name} is ${dtype}, not F32`);
    return [name, { shape, values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to)) }];
  }));
}

function tensors(weights) {
  const identity = { shape: [config.vocab_size, config.hidden_size], values: new Float32Array(config.vocab_size * config.hidden_size) };
  for (const channel of Array(config.hidden_size).keys()) identity.values[channel * (config.hidden_size + 1)] = 1;
  const all = [
    ["token_embd.weight", weights.get("model.embed_tokens.weight")],
    ["output_norm.weight", weights.get("model.norm.weight")],
    ["output.weight", identity],
  ];
  if (config.rope_scaling?.rope_type === "llama3") all.push(["rope_freqs.weight", frequencyDivisors(config.rope_scaling)]);
  for (const layer of Array(config.num_hidden_layers).keys()) {
    for (const [ours, theirs] of Object.entries(NORMS)) {
      const norm = weights.get(`model.layers.${layer}.${ours}.weight`);
      if (norm) all.push([`blk.${layer}.${theirs}.weight`, norm]);
    }
    for (const [ours, theirs] of Object.entries(LINEARS)) {
      const weight = weights.get(`model.layers.${layer}.${ours}.weight`);
      const turned = architecture === "llama" && /[qk]_proj/.test(ours);
      all.push([`blk.${layer}.${theirs}.weight`, turned ? interleave(weight) : weight]);
      const bias = weights.get(`model.layers.${layer}.${ours}.bias`);
      if (bias) all.push([`blk.${layer}.${theirs}.bias`, bias]);
    }
  }
  return all;
}

// Channels i and i + headDim / 2, which turn together, moved side by side.
function interleave({ shape: [height, width], values }) {
  const moved = new Float32Array(values.length);
  for (let row = 0; row < height; row++) {
    const [head, channel] = [Math.floor(row / headDim), row % headDim];
    const source = head * headDim + (channel % 2) * (headDim / 2) + Math.floor(channel / 2);
    moved.set(values.subarray(source * width, (source + 1) * width), row * width);
  }
  return { shape: [height, width], values: moved };
}

function frequencyDivisors({ factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: length }) {
  const values = Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const turns = (length * theta() ** ((-2 * i) / headDim)) / (2 * Math.PI);
    const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return 1 / (kept + (1 - kept) / factor);
  });
  return { shape: [values.length], values };
}

function theta() {
  return config.rope_parameters?.rope_theta ?? config.rope_theta;
}

function settings() {
  const of = (name) => `${architecture}.${name}`;
  return [
    ["general.architecture", architecture], ["general.alignment", ALIGNMENT], ["general.file_type", 0],
    [of("block_count"), config.num_hidden_layers], [of("context_length"), config.max_position_embeddings],
    [of("embedding_length"), config.hidden_size], [of("feed_forward_length"), config.intermediate_size],
    [of("attention.head_count"), config.num_attention_heads], [of("attention.head_count_kv"), config.num_key_value_heads],
    [of("attention.key_length"), headDim], [of("attention.value_length"), headDim],
    [of("attention.layer_norm_rms_epsilon"), { float: config.rms_norm_eps }], [of("rope.dimension_count"), headDim],
    [of("rope.freq_base"), { float: theta() }], [of("vocab_size"), config.vocab_size],
    ["tokenizer.ggml.model", "gpt2"], ["tokenizer.ggml.pre", "default"],
    ["tokenizer.ggml.tokens", Array.from({ length: config.vocab_size }, (_, id) => `[${id}]`)],
    ["tokenizer.ggml.merges", ["[0] [1]"]],
    ["tokenizer.ggml.bos_token_id", 0], ["tokenizer.ggml.eos_token_id", 0],
  ];
}

function gguf(settings, tensors) {
  const header = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(settings.length)];
  for (const [key, value] of settings) header.push(text(key), ...typed(value));
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header.push(text(name), u32(shape.length), ...[...shape].reverse().map(u64), u32(0), u64(offset));
    offset += padded(values.byteLength);
  }
  return Buffer.concat([pad(Buffer.concat(header)), ...tensors.map(([, { values }]) => pad(Buffer.from(values.buffer)))]);
}

function typed(value) {
  if (typeof value === "number") return [u32(4), u32(value)];
  if (typeof value === "string") return [u32(8), text(value)];
  if (Array.isArray(value)) return [u32(9), u32(8), u64(value.length), ...value.map(text)];
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value.float);
  return [u32(6), bytes];
}

function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function pad(bytes) {
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length) - bytes.length)]);
}

function padded(length) {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
