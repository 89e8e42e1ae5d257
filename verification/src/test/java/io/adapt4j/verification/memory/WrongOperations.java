package io.adapt4j.verification.memory;

import static io.adapt4j.verification.memory.Failures.refused;
import static io.adapt4j.verification.memory.Operations.MODEL;
import static io.adapt4j.verification.memory.Operations.SHORT;
import static io.adapt4j.verification.memory.Operations.SOURCE;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.QLora;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** What must be refused, and calls of threads that are interrupted. */
final class WrongOperations {

  private final Operations shared;

  WrongOperations(Operations shared) {
    this.shared = shared;
  }

  List<Operation> all() {
    return List.of(
        new Operation("ids out of range", 8, this::idsOutOfRange),
        new Operation("prompts too long", 6, this::tooLong),
        new Operation("nothing", 8, this::nothing),
        new Operation("options out of range", 6, this::options),
        new Operation("closed model", 4, this::closedModel),
        new Operation("closed embedder", 3, this::closedEmbedder),
        new Operation("closed index", 3, this::closedIndex),
        new Operation("close in a callback", 4, this::closeInside),
        new Operation("unknown adapters", 4, this::unknownAdapters),
        new Operation("damaged model", 6, this::damagedModel),
        new Operation("damaged adapter", 4, this::damagedAdapter),
        new Operation("training that cannot start", 4, this::training),
        new Operation("interrupted", 8, this::interrupted));
  }

  private void idsOutOfRange(Random random) throws Exception {
    int wrong =
        List.of(-1, 512, Integer.MAX_VALUE, Integer.MIN_VALUE, 100_000).get(random.nextInt(5));
    int[] ids = {1, wrong, 3};
    CancellationToken token = new CancellationToken();
    refused("ids", () -> shared.model.generate(ids, SHORT, piece -> {}, token));
    refused("ids of several", () -> shared.model.generateIds(List.of(new int[] {1}, ids), SHORT));
    refused(
        "ids of a span", () -> shared.model.scoreIds(List.of(new TokenSpan(new int[] {1}, ids))));
    shared.known("text of " + wrong, shared.model.tokenizer().decode(ids, true));
  }

  private void tooLong(Random random) throws Exception {
    String text = "Once upon a time ".repeat(200 + random.nextInt(2000));
    refused("prompt", () -> shared.model.generate(text, SHORT));
    refused("prompts", () -> shared.model.generateAll(List.of("Once", text), SHORT));
    refused("chat", () -> shared.model.chat(List.of(ChatMessage.user(text)), SHORT));
    refused("continuation", () -> shared.model.score("Once", text));
    int[] ids = new int[513 + random.nextInt(100_000)];
    Arrays.fill(ids, 3);
    refused("ids", () -> shared.model.generateIds(List.of(ids), SHORT));
    shared.known("too long to embed", Arrays.hashCode(shared.embedder.embed(cut(text))));
  }

  /** The same text however long: of a long one only the beginning is read. */
  private static String cut(String text) {
    return text.substring(0, 3000);
  }

  @SuppressWarnings("NullAway") // what is refused
  private void nothing(Random random) throws Exception {
    LanguageModel model = shared.model;
    CancellationToken token = new CancellationToken();
    refused("no prompt", () -> model.generate(null, SHORT));
    refused("no options", () -> model.generate("Once", null));
    refused("no listener", () -> model.generate("Once", SHORT, null));
    refused("no token", () -> model.generate("Once", SHORT, piece -> {}, null));
    refused("no ids", () -> model.generate((int[]) null, SHORT, piece -> {}, token));
    refused("empty ids", () -> model.generate(new int[0], SHORT, piece -> {}, token));
    refused("empty ids of one", () -> model.generateIds(List.of(new int[0]), SHORT));
    refused("a null prompt", () -> model.generateAll(Arrays.asList("Once", null), SHORT));
    refused("no messages", () -> model.chat(null, SHORT));
    refused("no text", () -> shared.embedder.embed(null));
    refused("a null text", () -> shared.embedder.embedAll(Arrays.asList("Once", null)));
    refused("no continuation", () -> model.score("Once", null));
    refused("no spans", () -> model.scoreIds(null));
    refused("no adapter", () -> model.addAdapter("null", null));
    refused("no name", () -> model.withAdapter(null));
    refused("no question", () -> shared.rag.search(null));
    refused("no document", () -> shared.rag.add((List<Document>) null));
    if (!model.generateAll(List.of(), SHORT).isEmpty()
        || !shared.embedder.embedAll(List.of()).isEmpty()) {
      throw new AssertionError("something from nothing");
    }
    shared.known("empty text", Arrays.hashCode(shared.embedder.embed("")));
  }

  private void options(Random random) throws Exception {
    double wrong =
        List.of(Double.NaN, Double.NEGATIVE_INFINITY, -1.0, Double.POSITIVE_INFINITY)
            .get(random.nextInt(4));
    refused("temperature", () -> GenerationOptions.builder().temperature(wrong).build());
    refused("topP", () -> GenerationOptions.builder().topP(wrong).build());
    refused("minP", () -> GenerationOptions.builder().minP(wrong).build());
    refused("penalty", () -> GenerationOptions.builder().repetitionPenalty(wrong).build());
    refused("maxNewTokens", () -> GenerationOptions.builder().maxNewTokens(-1).build());
    refused("cache", () -> shared.model.limitPromptCache(-1));
    refused("requests", () -> shared.model.limitRequests(0, 0, 0));
    GenerationOptions most =
        GenerationOptions.builder().temperature(0).maxNewTokens(Integer.MAX_VALUE).build();
    shared.known("as long as it goes", shared.model.generate("The dog", most));
  }

  private void closedModel(Random random) throws Exception {
    LanguageModel model = LanguageModel.load(SOURCE, Precision.FP32);
    var tokenizer = model.tokenizer();
    if (random.nextBoolean()) {
      model.generate("Once", SHORT);
    }
    model.close();
    model.close();
    refused("generate", () -> model.generate("Once", SHORT));
    refused("generate several", () -> model.generateAll(List.of("Once"), SHORT));
    refused("chat", () -> model.chat(List.of(ChatMessage.user("Once")), SHORT));
    refused("score", () -> model.score("Once", " upon"));
    refused("tokenizer", model::tokenizer);
    refused("encode", () -> tokenizer.encode("Once", true));
    refused("adapter", () -> model.addAdapter("a", LoraAdapter.at(MODEL)));
    refused("parameters", model::parameterCount);
    refused("cache", () -> model.limitPromptCache(1));
    refused("merge", model::mergeAdapters);
    refused("generator", () -> model.asGenerator().generate("Once", SHORT));
  }

  private void closedEmbedder(Random random) throws Exception {
    TextEmbedder embedder = TextEmbedder.load(SOURCE);
    embedder.close();
    embedder.close();
    refused("embed", () -> embedder.embed("Once"));
    refused("count", () -> embedder.countTruncated(List.of("Once")));
    refused("invariant", () -> embedder.batchInvariant(true));
  }

  private void closedIndex(Random random) throws Exception {
    Path index = Files.createTempDirectory(shared.folder, "closed");
    try {
      Rag rag = Rag.builder().embeddings(shared.embeddings()).index(index.resolve("i")).build();
      rag.close();
      rag.close();
      refused("search", () -> rag.search("parcel"));
      refused("add", () -> rag.add(Operations.documents()));
      refused("delete", () -> rag.delete(List.of("d1")));
      refused("count", () -> rag.index().chunkCount());
    } finally {
      Folders.delete(index);
    }
  }

  private void closeInside(Random random) throws Exception {
    refused(
        "close in a callback",
        () -> shared.model.generate("Once", SHORT, piece -> shared.model.close()));
    refused(
        "closed by another that waits",
        () ->
            shared.model.withoutAdapters(
                () -> {
                  shared.model.close();
                  return "";
                }));
  }

  private void unknownAdapters(Random random) throws Exception {
    LanguageModel model = shared.model;
    refused("with", () -> model.withAdapter("unknown"));
    refused("use", () -> model.useAdapters("unknown"));
    refused("remove", () -> model.removeAdapter("unknown"));
    refused("replace", () -> model.replaceAdapter("unknown", LoraAdapter.at(MODEL)));
    refused("blank", () -> model.addAdapter(" ", LoraAdapter.at(MODEL)));
    refused("not a folder", () -> model.addAdapter("a", LoraAdapter.at(MODEL.resolve("none"))));
    refused("a model", () -> model.addAdapter("a", LoraAdapter.at(MODEL)));
  }

  /** Sizes in the configuration that the weights do not have, and files that end too early. */
  private void damagedModel(Random random) throws Exception {
    Path damaged = copied(MODEL, "damaged");
    try {
      if (random.nextInt(3) == 0) {
        truncate(damaged.resolve("model.safetensors"), random);
      } else {
        List<String> fields =
            List.of("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers");
        String field = fields.get(random.nextInt(fields.size()));
        List<String> values = List.of("0", "-1", "63", "65", "2147483647", "1e30", "\"64\"", "7");
        replace(
            damaged.resolve("config.json"),
            "\"" + field + "\": \\d+",
            "\"" + field + "\": " + values.get(random.nextInt(values.size())));
      }
      refused("load", () -> LanguageModel.load(ModelSource.path(damaged)).close());
      refused("load to embed", () -> TextEmbedder.load(ModelSource.path(damaged)).close());
      refused(
          "export",
          () -> GgufExport.of(ModelSource.path(damaged)).to(shared.folder.resolve("no.gguf")));
    } finally {
      Folders.delete(damaged);
    }
  }

  private void damagedAdapter(Random random) throws Exception {
    Path damaged = copied(shared.folder.resolve("adapter").resolve("last"), "damaged");
    try {
      if (random.nextInt(3) == 0) {
        truncate(damaged.resolve("adapter_model.safetensors"), random);
      } else {
        List<String> values = List.of("0", "-1", "3", "5", "2147483647", "\"x\"");
        replace(
            damaged.resolve("adapter_config.json"),
            "\"r\"\\s*:\\s*\\d+",
            "\"r\": " + values.get(random.nextInt(values.size())));
      }
      refused("adapter", () -> shared.model.addAdapter("damaged", LoraAdapter.at(damaged)));
      if (!shared.model.adapterNames().isEmpty()) {
        throw new AssertionError("left behind: " + shared.model.adapterNames());
      }
    } finally {
      Folders.delete(damaged);
    }
  }

  private Path copied(Path from, String name) throws IOException {
    Path to = Files.createTempDirectory(shared.folder, name);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName().toString()));
      }
    }
    return to;
  }

  private static void truncate(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
  }

  private static void replace(Path file, String expression, String replacement) throws IOException {
    String text = Files.readString(file);
    String changed = text.replaceAll(expression, replacement);
    if (changed.equals(text)) {
      throw new AssertionError("nothing to change in " + text);
    }
    Files.writeString(file, changed);
  }

  private void training(Random random) throws Exception {
    FineTuner.Builder builder =
        FineTuner.builder()
            .model(SOURCE)
            .dataset(Datasets.of(List.of(new Example.Text("Once upon a time"))))
            .method(random.nextBoolean() ? Lora.rank(4) : QLora.nf4())
            .maxSteps(1)
            .output(shared.folder.resolve("never"))
            .overwriteOutput();
    List<Runnable> wrong =
        List.of(
            () -> builder.batchSize(0),
            () -> builder.batchSize(Integer.MIN_VALUE),
            () -> builder.learningRate(Double.NaN),
            () -> builder.maxLength(-5),
            () -> builder.dataset(Datasets.of(List.of())),
            () -> builder.method(Lora.rank(0)),
            () -> builder.maxLength(Integer.MAX_VALUE),
            () -> builder.model(ModelSource.path(shared.folder.resolve("none"))));
    Runnable change = wrong.get(random.nextInt(wrong.size()));
    refused(
        "training",
        () -> {
          change.run();
          builder.build().run();
        });
  }

  /** A thread that is interrupted gets its result or an exception, and stays interrupted. */
  private void interrupted(Random random) throws Exception {
    List<Operation> whole = new ArrayList<>();
    whole.add(new Operation("", 1, r -> shared.known("generate Once", once())));
    whole.add(new Operation("", 1, r -> shared.embedder.embed("Once")));
    whole.add(new Operation("", 1, r -> shared.rag.search("parcel")));
    whole.add(new Operation("", 1, r -> shared.rag.add(Operations.documents())));
    whole.add(new Operation("", 1, r -> LanguageModel.load(SOURCE).close()));
    whole.add(
        new Operation(
            "",
            1,
            r -> {
              Path file = shared.folder.resolve("interrupted.gguf");
              Files.deleteIfExists(file);
              GgufExport.of(SOURCE).to(file);
            }));
    Thread.currentThread().interrupt();
    whole.get(random.nextInt(whole.size())).action().run(random);
  }

  private String once() {
    return shared.model.generate("Once", SHORT);
  }
}
