// Runs GGUF files by the real llama.cpp through node-llama-cpp: MODULES JOBS. MODULES is the folder
// that has node_modules; JOBS a JSON file, a list of {file, lora, prompts, tokens, texts}, or of
// {file, sequences, classes, texts} for encoders, or of {file, query, documents} for rerankers.
// Prints a line of JSON for each: the greedy ids after each prompt, or the vector or the scores of
// each sequence; the ids of each text; or the scores of the documents; or the error.
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";
import fs from "node:fs";

const [modules, jobs] = process.argv.slice(2);
const resolve = createRequire(modules + "/").resolve;
const {getLlama} = await import(pathToFileURL(resolve("node-llama-cpp")).href);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});

async function run(job) {
  const model = await llama.loadModel({modelPath: job.file});
  const context = await model.createContext({
    contextSize: 128, threads: 1, flashAttention: false, ...(job.lora ? {lora: job.lora} : {}),
  });
  const sequence = context.getSequence();
  const generated = [];
  for (const prompt of job.prompts) {
    await sequence.clearHistory();
    const ids = [];
    for await (const id of sequence.evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
      ids.push(id);
      if (ids.length >= job.tokens) {
        break;
      }
    }
    generated.push(ids);
  }
  const texts = job.texts.map(text => Array.from(model.tokenize(text, false)));
  await context.dispose();
  await model.dispose();
  return {generated, texts};
}

async function encode(job) {
  const model = await llama.loadModel({modelPath: job.file});
  const ranking = job.classes > 0 ? {_ranking: true} : {};
  const context = await model.createContext({
    contextSize: 128, batchSize: 128, threads: 1, flashAttention: false, _embeddings: true, ...ranking,
  });
  const sequence = context.getSequence();
  const vectors = [];
  for (const ids of job.sequences) {
    await sequence.clearHistory();
    for await (const id of sequence.evaluate(ids, {_noSampling: true})) {
      break;
    }
    vectors.push(Array.from(job.classes > 0
      ? context._ctx.getEmbedding(ids.length, job.classes)
      : context._ctx.getEmbedding(ids.length)));
  }
  const texts = job.texts.map(text => Array.from(model.tokenize(text, false)));
  await context.dispose();
  await model.dispose();
  return {vectors, texts};
}

// As llama.cpp's server does it: the whole prompt is cut into tokens.
async function rank(job) {
  const model = await llama.loadModel({modelPath: job.file});
  const context = await model.createContext({
    contextSize: 1024, batchSize: 1024, threads: 1, flashAttention: false, _embeddings: true, _ranking: true,
  });
  const sequence = context.getSequence();
  const template = model.fileInfo.metadata.tokenizer["chat_template.rerank"];
  const labels = model.fileInfo.metadata[model.fileInfo.metadata.general.architecture].classifier.output_labels;
  const scores = [];
  for (const document of job.documents) {
    const prompt = template.replaceAll("{query}", job.query).replaceAll("{document}", document);
    const ids = model.tokenize(prompt, true);
    await sequence.clearHistory();
    for await (const id of sequence.evaluate(ids, {_noSampling: true})) {
      break;
    }
    scores.push(context._ctx.getEmbedding(ids.length, labels.length)[labels.indexOf("yes")]);
  }
  await context.dispose();
  await model.dispose();
  return {scores};
}

for (const job of JSON.parse(fs.readFileSync(jobs))) {
  let result;
  try {
    result = await (job.sequences ? encode(job) : job.documents ? rank(job) : run(job));
  } catch (error) {
    result = {error: String(error)};
  }
  console.log(JSON.stringify({job: job.name, ...result}));
}
process.exit(0);
