package io.adapt4j.verification.memory;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.Prompts;
import io.adapt4j.verification.ExampleFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** All operations, and what they share: a model, an embedder and an index that stay open. */
final class Operations implements AutoCloseable {

  static final Path MODEL = ExampleFiles.example("models/stories260K");
  static final ModelSource SOURCE = ModelSource.path(MODEL);
  static final GenerationOptions SHORT =
      GenerationOptions.builder().temperature(0).maxNewTokens(6).build();

  /** In fp32, so that an answer does not depend on others beside it. */
  final LanguageModel model = LanguageModel.load(SOURCE, Precision.FP32);

  final TextEmbedder embedder = TextEmbedder.load(SOURCE, Precision.FP32);
  final Rag rag;
  final Path folder;

  private final Map<String, Operation> all = new LinkedHashMap<>();
  private final Map<String, Object> known = new ConcurrentHashMap<>();

  Operations(Path folder) throws IOException {
    this.folder = folder;
    // By default it is larger than what there is.
    this.model.limitPromptCache(2 << 20);
    this.model.useChatTemplate(ChatTemplate.named("chatml"));
    this.rag = Rag.builder().embeddings(embeddings()).index(folder.resolve("index")).build();
    this.rag.add(documents());
    List<Operation> operations = new ArrayList<>();
    operations.addAll(new RightOperations(this).all());
    operations.addAll(new WrongOperations(this).all());
    operations.addAll(new LargeOperations(this).all());
    operations.addAll(new ConcurrentOperations(this).all());
    operations.forEach(operation -> all.put(operation.name(), operation));
  }

  LocalEmbeddings embeddings() {
    return LocalEmbeddings.of(embedder, "stories", Prompts.none());
  }

  static List<Document> documents() {
    return IntStream.range(0, 20)
        .mapToObj(i -> Document.of("d" + i, "Parcel number " + i + " is in room r" + i))
        .toList();
  }

  List<String> names() {
    return List.copyOf(all.keySet());
  }

  /** Names as often as they are to be drawn. */
  List<String> weighted(List<String> names) {
    return names.stream()
        .flatMap(name -> Collections.nCopies(all.get(name).weight(), name).stream())
        .toList();
  }

  void run(String name, Random random) throws Exception {
    all.get(name).action().run(random);
  }

  /** What stays open still gives what it gave at first. */
  void requireUsable() {
    known("generate Once", model.generate("Once", SHORT));
    known("embed Once", Arrays.hashCode(embedder.embed("Once")));
    requireFound(rag);
  }

  static void requireFound(Rag rag) {
    if (rag.search("Where is parcel number 7?").passages().stream()
        .noneMatch(passage -> passage.documentId().equals("d7"))) {
      throw new AssertionError("the document is not found");
    }
  }

  /** Compares a result with the first one of its name. */
  void known(String name, Object result) {
    Object first = known.putIfAbsent(name, result);
    if (first != null && !first.equals(result)) {
      throw new AssertionError(name + ": expected <" + first + ">, found <" + result + ">");
    }
  }

  @Override
  public void close() {
    rag.close();
    embedder.close();
    model.close();
  }
}
