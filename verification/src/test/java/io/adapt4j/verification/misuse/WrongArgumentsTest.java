package io.adapt4j.verification.misuse;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.gguf.Modelfile;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.qlora.QLora;
import io.adapt4j.qlora.Quantization;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.embed.Prompts;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import io.adapt4j.rag.split.Splitter;
import io.adapt4j.serve.ModelServer;
import io.adapt4j.serve.ServerLimits;
import io.adapt4j.tools.mcp.McpClient;
import io.adapt4j.verification.ExampleFiles;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every method of the entry points is called with every argument in turn null, negative, not a
 * number, and huge, the others being right. It may take that; where it does not, it says which
 * argument is wrong.
 */
class WrongArgumentsTest {

  private static final ModelSource SOURCE =
      ModelSource.path(ExampleFiles.example("models/stories260K"));

  @TempDir static Path folder;

  private static LanguageModel model;
  private static TextEmbedder embedder;
  private static Rag rag;
  private static LanguageModel closedModel;
  private static TextEmbedder closedEmbedder;
  private static Rag closedRag;

  /** What to call methods of; a builder anew each time. */
  private static final Map<String, Supplier<Object>> TARGETS = new LinkedHashMap<>();

  static {
    TARGETS.put("LanguageModel", () -> model);
    TARGETS.put("TextEmbedder", () -> embedder);
    TARGETS.put("Rag", () -> rag);
    TARGETS.put("closed LanguageModel", () -> closedModel);
    TARGETS.put("closed TextEmbedder", () -> closedEmbedder);
    TARGETS.put("closed Rag", () -> closedRag);
    TARGETS.put("FineTuner.Builder", FineTuner::builder);
    TARGETS.put("GenerationOptions.Builder", GenerationOptions::builder);
    TARGETS.put("EmbeddingOptions.Builder", EmbeddingOptions::builder);
    TARGETS.put("ChatOptions", ChatOptions::defaults);
    TARGETS.put("Lora", () -> Lora.rank(4));
    TARGETS.put("QLora", QLora::nf4);
    TARGETS.put("Quantization", Quantization::nf4);
    TARGETS.put("GgufExport", () -> GgufExport.of(SOURCE).type(GgufQuantization.F32));
    TARGETS.put("Modelfile", Modelfile::standard);
    TARGETS.put("RagBuilder", Rag::builder);
    TARGETS.put("RetrievalOptions.Builder", RetrievalOptions::builder);
    TARGETS.put("AnswerOptions.Builder", AnswerOptions::builder);
    TARGETS.put("Splitter.Builder", Splitter::builder);
    TARGETS.put("LuceneIndex.Builder", () -> LuceneIndex.builder(folder.resolve("lucene")));
    TARGETS.put("Evaluator.Builder", Evaluator::builder);
    TARGETS.put("Evaluator", WrongArgumentsTest::evaluator);
    TARGETS.put("ModelServer.Builder", ModelServer::builder);
    TARGETS.put("ServerLimits", ServerLimits::defaults);
    TARGETS.put("program of McpClient", () -> McpClient.command("a", List.of("none")));
    TARGETS.put(
        "address of McpClient", () -> McpClient.url("a", URI.create("http://127.0.0.1:1/mcp")));
  }

  @BeforeAll
  static void open() throws Exception {
    model = LanguageModel.load(SOURCE);
    embedder = TextEmbedder.load(SOURCE);
    rag = rag("index");
    closedModel = LanguageModel.load(SOURCE);
    closedModel.close();
    closedEmbedder = TextEmbedder.load(SOURCE);
    closedEmbedder.close();
    closedRag = rag("closed");
    closedRag.close();
  }

  private static Rag rag(String name) throws Exception {
    Rag made =
        Rag.builder()
            .embeddings(LocalEmbeddings.of(embedder, "stories", Prompts.none()))
            .generator(WrongArgumentsTest::answer)
            .index(folder.resolve(name))
            .build();
    made.add(List.of(Document.of("d", "Parcel number 7 is in room 9")));
    return made;
  }

  private static GeneratedText answer(List<ChatMessage> messages, GenerationOptions options) {
    return new GeneratedText("room 9 [1]", FinishReason.EOS, Optional.empty(), false);
  }

  private static Object evaluator() {
    return Evaluator.builder()
        .tasks(Tasks.perplexity("stories", List.of("Once upon a time there was a dog.")))
        .build();
  }

  @AfterAll
  static void close() {
    rag.close();
    embedder.close();
    model.close();
  }

  static Stream<String> targets() {
    return TARGETS.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void aWrongArgumentIsTakenOrNamed(String name) throws Exception {
    List<String> unnamed = new ArrayList<>();
    int calls = 0;
    for (Method method : methods(TARGETS.get(name).get().getClass())) {
      for (int i = 0; i < method.getParameterCount(); i++) {
        for (Object wrong : Values.wrong(method.getParameterTypes()[i])) {
          Object[] arguments = Values.right(method, SOURCE, folder);
          if (arguments.length == 0) {
            continue;
          }
          arguments[i] = wrong;
          String found = call(TARGETS.get(name).get(), method, arguments);
          calls++;
          if (!found.isEmpty()) {
            unnamed.add(method.getName() + Arrays.toString(arguments) + ": " + found);
          }
        }
      }
    }
    assertThat(calls).isPositive();
    assertThat(unnamed).isEmpty();
  }

  private static List<Method> methods(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> method.getDeclaringClass() != Object.class)
        .filter(method -> !Modifier.isStatic(method.getModifiers()) && !method.isBridge())
        .filter(method -> !method.getName().equals("equals"))
        .sorted(Comparator.comparing(Method::toString))
        .toList();
  }

  /** What went wrong otherwise than it may; empty if nothing did. */
  private static String call(Object target, Method method, @Nullable Object[] arguments)
      throws IllegalAccessException {
    try {
      method.setAccessible(true);
      Object result = method.invoke(target, arguments);
      return result == null || !isBuilder(result) ? "" : built(result);
    } catch (InvocationTargetException e) {
      return Values.isExpected(e.getCause()) ? "" : Values.describe(e.getCause());
    }
  }

  private static boolean isBuilder(Object result) {
    return result.getClass().getSimpleName().endsWith("Builder");
  }

  /** What a setter took may be refused in the end, among all that is wrong then. */
  private static String built(Object builder) throws IllegalAccessException {
    if (builder instanceof ModelServer.Builder) {
      return "";
    }
    try {
      Method build = builder.getClass().getMethod("build");
      build.setAccessible(true);
      Object built = build.invoke(builder);
      if (built instanceof Rag opened) {
        opened.close();
      }
      return "";
    } catch (NoSuchMethodException e) {
      return "";
    } catch (InvocationTargetException e) {
      return Values.isExpected(e.getCause()) ? "" : "build: " + Values.describe(e.getCause());
    }
  }

  /** What loads and makes. */
  @ParameterizedTest
  @MethodSource("makers")
  void nothingIsNamedWhereItIsLoadedFrom(String name) {
    try {
      MAKERS.get(name).run();
    } catch (Exception e) {
      assertThat(Values.isExpected(e)).as(Values.describe(e)).isTrue();
      return;
    }
    throw new AssertionError("not refused");
  }

  static Stream<String> makers() {
    return MAKERS.keySet().stream();
  }

  /** Code that is refused. */
  private interface Making {

    /** Is refused. */
    void run() throws Exception;
  }

  private static final Map<String, Making> MAKERS = makersWithNothing();

  @SuppressWarnings("NullAway") // what is refused
  private static Map<String, Making> makersWithNothing() {
    Map<String, Making> makers = new LinkedHashMap<>();
    makers.put("path", () -> ModelSource.path(null));
    makers.put("hub", () -> ModelSource.hub(null).folder());
    makers.put("model", () -> LanguageModel.load(null));
    makers.put("adapter", () -> LanguageModel.load(SOURCE, (io.adapt4j.core.method.Adapter) null));
    makers.put("embedder", () -> TextEmbedder.load(null));
    makers.put("embedding options", () -> TextEmbedder.load(SOURCE, (EmbeddingOptions) null));
    makers.put("LoRA adapter", () -> LoraAdapter.at(null));
    makers.put("GGUF", () -> GgufExport.of((ModelSource) null));
    makers.put("GGUF folder", () -> GgufExport.of((Path) null));
    makers.put("index", () -> LuceneIndex.builder(null));
    makers.put("candidate", () -> Candidate.of((LanguageModel) null));
    makers.put("document", () -> Document.of(null, "text"));
    makers.put("text of a document", () -> Document.of("id", null));
    makers.put("answers", () -> AnswerCache.at(null).size());
    makers.put("embeddings", () -> LocalEmbeddings.of(null, "x", Prompts.none()));
    makers.put("tuner", () -> FineTuner.builder().build());
    makers.put("server", () -> ModelServer.builder().start());
    makers.put("rank", () -> Lora.rank(-1));
    makers.put("huge rank", () -> FineTuner.builder().method(Lora.rank(Integer.MIN_VALUE)).build());
    return makers;
  }
}
