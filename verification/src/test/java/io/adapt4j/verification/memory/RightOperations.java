package io.adapt4j.verification.memory;

import static io.adapt4j.verification.memory.Operations.SHORT;
import static io.adapt4j.verification.memory.Operations.SOURCE;

import com.google.common.hash.Hashing;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** What the library is for. */
final class RightOperations {

  private static final List<String> PROMPTS =
      List.of("Once", "Lily", "The dog", "Tom and", "One day a girl", "");

  private final Operations shared;
  private final Path adapter;
  private final Path gguf;

  RightOperations(Operations shared) {
    this.shared = shared;
    this.adapter = train(shared.folder.resolve("adapter"), Lora.rank(4));
    this.gguf = shared.folder.resolve("model.gguf");
    GgufExport.of(SOURCE).type(GgufQuantization.Q8_0).to(gguf);
  }

  List<Operation> all() {
    return List.of(
        new Operation("generate", 20, this::generate),
        new Operation("generate several", 6, this::generateAll),
        new Operation("chat", 10, this::chat),
        new Operation("score", 6, this::score),
        new Operation("cancel", 6, this::cancel),
        new Operation("throw from a callback", 6, this::throwing),
        new Operation("embed", 10, this::embed),
        new Operation("load", 4, random -> load(random, Precision.FP32)),
        new Operation("load in bf16", 3, random -> load(random, Precision.BF16)),
        new Operation("load 4-bit", 3, random -> load("4-bit", Quantization.nf4())),
        new Operation("load 8-bit", 3, random -> load("8-bit", Quantization.int8())),
        new Operation("load GGUF", 3, this::loadGguf),
        new Operation("load an embedder", 3, this::loadEmbedder),
        new Operation("adapters", 6, this::adapters),
        new Operation("train LoRA", 2, random -> train("lora", Lora.rank(4))),
        new Operation("train QLoRA", 2, random -> train("qlora", QLora.nf4())),
        new Operation("export GGUF", 2, this::export),
        new Operation("index", 3, this::index),
        new Operation("search", 6, random -> Operations.requireFound(shared.rag)),
        new Operation("change a document", 4, this::change));
  }

  private void generate(Random random) {
    String prompt = PROMPTS.get(random.nextInt(PROMPTS.size()));
    int tokens = 1 + random.nextInt(40);
    shared.known("generate " + tokens + prompt, shared.model.generate(prompt, longest(tokens)));
  }

  static GenerationOptions longest(int tokens) {
    return GenerationOptions.builder().temperature(0).maxNewTokens(tokens).build();
  }

  private void generateAll(Random random) {
    int count = random.nextInt(PROMPTS.size());
    List<String> texts =
        shared.model.generateAll(PROMPTS.subList(0, count), SHORT).stream()
            .map(Generation::text)
            .toList();
    shared.known("generate first " + count, texts);
  }

  private void chat(Random random) {
    String prompt = PROMPTS.get(random.nextInt(PROMPTS.size() - 1));
    shared.known("chat " + prompt, shared.model.chat(List.of(ChatMessage.user(prompt)), SHORT));
  }

  private void score(Random random) {
    String prompt = PROMPTS.get(random.nextInt(PROMPTS.size()));
    shared.known("score " + prompt, shared.model.score(prompt, " there was a dog").toString());
  }

  private void cancel(Random random) {
    CancellationToken token = new CancellationToken();
    int pieces = random.nextInt(5);
    int[] seen = {0};
    if (pieces == 0) {
      token.cancel();
    }
    Generation generation =
        shared.model.generate(
            "Once",
            longest(200),
            piece -> {
              if (++seen[0] >= pieces) {
                token.cancel();
              }
            },
            token);
    if (generation.tokenIds().size() > pieces + 8) {
      throw new AssertionError("not cancelled: " + generation.tokenIds().size());
    }
  }

  private void throwing(Random random) {
    IllegalStateException thrown = new IllegalStateException("of the caller");
    try {
      shared.model.generate(
          "Once",
          longest(20),
          piece -> {
            throw thrown;
          });
    } catch (IllegalStateException e) {
      if (e == thrown) {
        return;
      }
      throw e;
    }
    throw new AssertionError("what the callback threw is lost");
  }

  private void embed(Random random) {
    List<String> texts = PROMPTS.subList(0, random.nextInt(PROMPTS.size()));
    List<float[]> vectors = shared.embedder.embedAll(texts);
    shared.known("embed first " + texts.size(), vectors.stream().map(Arrays::hashCode).toList());
  }

  private void load(Random random, Precision precision) {
    boolean adapted = random.nextBoolean();
    try (LanguageModel model =
        adapted
            ? LanguageModel.load(SOURCE, precision, LoraAdapter.at(adapter))
            : LanguageModel.load(SOURCE, precision)) {
      shared.known("load " + precision + adapted, model.generate("Once", SHORT));
    }
  }

  private void load(String name, Quantization weights) {
    try (LanguageModel model = LanguageModel.load(SOURCE, weights)) {
      shared.known("load " + name, model.generate("Once", SHORT));
    }
  }

  private void loadGguf(Random random) {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(gguf))) {
      shared.known("load GGUF", model.generate("Once", SHORT));
    }
  }

  private void loadEmbedder(Random random) {
    try (TextEmbedder embedder = TextEmbedder.load(SOURCE, Precision.BF16)) {
      shared.known("load an embedder", Arrays.hashCode(embedder.embed("Once")));
    }
  }

  private void adapters(Random random) {
    String name = "a" + random.nextInt(3);
    shared.model.addAdapter(name, LoraAdapter.at(adapter));
    try {
      shared.known("with adapter", shared.model.withAdapter(name).generate("Lily", SHORT));
      switch (random.nextInt(3)) {
        case 0 -> shared.model.replaceAdapter(name, LoraAdapter.at(adapter));
        case 1 -> {
          shared.model.useAdapters(name);
          shared.known("with adapter", shared.model.generate("Lily", SHORT));
        }
        default -> {}
      }
    } finally {
      shared.model.removeAdapter(name);
    }
  }

  private void train(String name, FineTuningMethod method) throws IOException {
    Path output = shared.folder.resolve(name);
    Path last = train(output, method);
    shared.known("train " + name, digest(last.resolve("adapter_model.safetensors")));
  }

  private static Path train(Path output, FineTuningMethod method) {
    return FineTuner.builder()
        .model(SOURCE)
        .dataset(
            Datasets.of(
                IntStream.range(0, 4)
                    .mapToObj(i -> new Example.PromptCompletion("Lily " + i, " ran to " + i))
                    .toList()))
        .method(method)
        .maxSteps(2)
        .batchSize(2)
        .output(output)
        .overwriteOutput()
        .build()
        .run()
        .last();
  }

  private void export(Random random) throws IOException {
    List<GgufQuantization> types =
        List.of(GgufQuantization.F16, GgufQuantization.Q8_0, GgufQuantization.Q4_0);
    GgufQuantization type = types.get(random.nextInt(types.size()));
    Path file = shared.folder.resolve("exported.gguf");
    Files.deleteIfExists(file);
    GgufExport.of(SOURCE).type(type).to(file);
    shared.known("export " + type, digest(file));
  }

  private static String digest(Path file) throws IOException {
    return Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString();
  }

  private void index(Random random) throws IOException {
    Path index = Files.createTempDirectory(shared.folder, "index");
    try (Rag rag =
        Rag.builder().embeddings(shared.embeddings()).index(index.resolve("i")).build()) {
      rag.add(Operations.documents());
      Operations.requireFound(rag);
      rag.delete(List.of("d7"));
    } finally {
      Folders.delete(index);
    }
  }

  private void change(Random random) {
    int number = random.nextInt(1000);
    shared.rag.add(List.of(Document.of("changing", "The box has number " + number)));
    String found = shared.rag.index().document("changing").orElseThrow().text();
    if (!found.endsWith(" " + number)) {
      throw new AssertionError("expected number " + number + ", found " + found);
    }
  }
}
