package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;

import io.adapt4j.core.ChatSession;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.spi.TextEmbeddings;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes the files that later builds must read: a folder of each format, by the version in its
 * name.
 */
final class FormerFiles {

  static final Path FORMER =
      Files.isDirectory(Path.of("src/test/resources/former"))
          ? Path.of("src/test/resources/former")
          : Path.of("verification/src/test/resources/former");
  static final ModelSource MODEL = ModelSource.path(example("models/stories260K"));
  static final ChatTemplate TEMPLATE =
      ChatTemplate.of("{% for m in messages %}{{ m.content }} {% endfor %}", Map.of());
  static final GenerationOptions GREEDY = GenerationOptions.builder().maxNewTokens(6).build();

  private FormerFiles() {}

  /** Writes them into the folder that the argument names. */
  public static void main(String[] arguments) throws Exception {
    write(Path.of(arguments[0]));
  }

  static void write(Path folder) throws Exception {
    LoraAdapter adapter = LoraAdapter.at(FORMER.resolve("adapter"));
    GgufExport.of(MODEL)
        .adapter(adapter)
        .type(GgufQuantization.Q4_0)
        .to(folder.resolve("model.gguf"));
    Path scratch = Files.createTempDirectory("former");
    try (LanguageModel model = LanguageModel.load(agedModel(scratch), Precision.FP32)) {
      model.useChatTemplate(TEMPLATE);
      ChatSession session = model.session();
      session.send("Once upon a time there was a little girl. ".repeat(6), GREEDY);
      session.save(folder.resolve("session"), ChatSession.Contents.MESSAGES_AND_CACHE);
    }
    try (Rag rag = rag(folder.resolve("index"))) {
      rag.add(
          List.of(
              Document.of("returns", "You may return an item within 30 days."),
              new Document("delivery", "", "Parcels arrive in three days.", Map.of("year", 2026))));
    }
    Path weights = Files.createDirectories(scratch.resolve("weights"));
    Files.writeString(weights.resolve("adapter_config.json"), "{\"r\": 8}\n");
    Files.writeString(weights.resolve("adapter_model.safetensors"), "weights");
    Registry registry = Registry.open(folder.resolve("registry"));
    ModelVersion version = registry.add(NewVersion.of("support", weights).note("first"));
    registry.promote(version, Registry.PRODUCTION, Change.by("anna", "the first").allowingNoExam());
    FeedbackLog log = FeedbackLog.at(folder.resolve("feedback")).plainCustomers().open();
    log.record(
        RecordedAnswer.of("a", "support@1", List.of(ChatMessage.user("Where?")), "Here.")
            .withTime(Instant.parse("2026-12-01T10:00:00Z"))
            .withCustomer("acme")
            .withConsent(true));
    log.add(Feedback.on("a").rated(Rating.stars(4)).corrected("There.").withConsent(true));
  }

  /** Returns a copy of the model whose weights have a fixed time, which sessions are bound to. */
  static ModelSource agedModel(Path folder) throws IOException {
    Path copy = Files.createDirectories(folder.resolve("stories260K"));
    try (Stream<Path> files = Files.list(example("models/stories260K"))) {
      for (Path file : files.toList()) {
        Path copied = Files.copy(file, copy.resolve(file.getFileName()));
        Files.setLastModifiedTime(copied, FileTime.from(Instant.parse("2026-12-01T00:00:00Z")));
      }
    }
    return ModelSource.path(copy);
  }

  static Rag rag(Path index) throws IOException {
    return Rag.builder().index(index).embeddings(new Letters()).build();
  }

  /** Counts letters. */
  private static final class Letters implements TextEmbeddings {

    @Override
    public String identity() {
      return "letters";
    }

    @Override
    public int dimension() {
      return 26;
    }

    @Override
    public List<float[]> passages(List<String> texts) {
      return texts.stream().map(this::query).toList();
    }

    @Override
    public float[] query(String text) {
      float[] counts = new float[dimension()];
      text.toLowerCase(Locale.ROOT)
          .chars()
          .filter(letter -> letter >= 'a' && letter <= 'z')
          .forEach(letter -> counts[letter - 'a']++);
      double squares = 0;
      for (float count : counts) {
        squares += count * count;
      }
      for (int i = 0; i < counts.length; i++) {
        counts[i] /= (float) Math.sqrt(squares);
      }
      return counts;
    }
  }
}
