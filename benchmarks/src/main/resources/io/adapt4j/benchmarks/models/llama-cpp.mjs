// Greedy decoding by llama.cpp through node-llama-cpp: FILE PROMPT TOKENS BATCH TIMES THREADS. Prints
// for each time the seconds until every sequence has its first token, and the tokens a second after.
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const modules = createRequire(process.cwd() + "/");
const {getLlama} = await import(pathToFileURL(modules.resolve("node-llama-cpp")).href);
const file = process.argv[2];
const [prompt, tokens, batch, times, threads] = process.argv.slice(3).map(Number);
const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});
const model = await llama.loadModel({modelPath: file});
const context = await model.createContext({
  contextSize: prompt + tokens + 8, sequences: batch, threads, batchSize: 512,
});
const sequences = Array.from({length: batch}, () => context.getSequence());
const now = () => Number(process.hrtime.bigint()) / 1e9;

async function generate(sequence, ids) {
  await sequence.clearHistory();
  let count = 0, first = 0, last = 0;
  for await (const token of sequence.evaluate(ids, {temperature: 0, yieldEogToken: true})) {
    last = now();
    first = count === 0 ? last : first;
    if (++count === tokens) {
      break;
    }
  }
  if (count !== tokens) {
    throw new Error(`${count} of ${tokens} tokens were generated`);
  }
  return {first, last};
}

for (let time = -1; time < times; time++) {
  const begun = now();
  const ends = await Promise.all(sequences.map((sequence, row) => generate(sequence,
    Array.from({length: prompt}, (_, i) => 3 + (row * 977 + i * 7919 + (time + 2) * 31) % 1000))));
  const first = Math.max(...ends.map(end => end.first));
  const last = Math.max(...ends.map(end => end.last));
  if (time >= 0) {
    console.log(`prompt ${first - begun}`);
    console.log(`decode ${batch * (tokens - 1) / (last - first)}`);
  }
}
process.exit(0);
