package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real llama.cpp loads what we write and generates our tokens. Needs node and the npm package
 * node-llama-cpp in the folder that the environment variable ADAPT4J_LLAMA_CPP, or the property
 * adapt4j.llama.cpp, names: {@code .ci/llama.cpp} installs them.
 */
class LlamaCppTest {

  private static final int TOKENS = 12;

  /** The closest two log-probabilities that rounding must not exchange. */
  private static final double MARGIN = 0.02;

  /** Types that round activations to 8 bits make llama.cpp's logits differ by more. */
  private static final double ROUNDED_MARGIN = 0.5;

  private static final List<String> TEXTS =
      List.of(
          "Once upon a time there was a little girl named Lily.",
          "  two spaces, 123 numbers & signs!\nA new line",
          "Grüße aus Österreich, 你好 😀");

  @TempDir private Path folder;

  private Path modules;

  private final ArrayNode jobs = JsonNodeFactory.instance.arrayNode();

  private void requireLlamaCpp() {
    String named =
        Optional.ofNullable(System.getProperty("adapt4j.llama.cpp"))
            .or(() -> Optional.ofNullable(System.getenv("ADAPT4J_LLAMA_CPP")))
            .orElse("");
    assumeTrue(!named.isEmpty(), "No llama.cpp: set ADAPT4J_LLAMA_CPP, see .ci/llama.cpp");
    modules = Path.of(named);
    assumeTrue(
        Files.isDirectory(modules.resolve("node_modules/node-llama-cpp")),
        "No node_modules/node-llama-cpp in " + named);
  }

  private static int[][] prompts() {
    return new int[][] {{5, 9, 112, 7, 301, 44}, {130, 231, 8, 22, 14, 6, 77, 250, 3, 19}};
  }

  private void add(String name, Path file, Optional<Path> lora, List<String> texts) {
    ObjectNode job = jobs.addObject();
    job.put("name", name).put("file", file.toString()).put("tokens", TOKENS);
    lora.ifPresent(adapter -> job.put("lora", adapter.toString()));
    ArrayNode prompts = job.putArray("prompts");
    for (int[] prompt : prompts()) {
      ArrayNode ids = prompts.addArray();
      Arrays.stream(prompt).forEach(ids::add);
    }
    ArrayNode all = job.putArray("texts");
    texts.forEach(all::add);
  }

  private Map<String, JsonNode> run() throws Exception {
    Path list = folder.resolve("jobs.json");
    Files.writeString(list, Json.compact(jobs));
    Path script =
        Path.of(Objects.requireNonNull(LlamaCppTest.class.getResource("/llama-cpp.mjs")).toURI());
    Path out = folder.resolve("out.txt");
    Process process =
        new ProcessBuilder("node", script.toString(), modules.toString(), list.toString())
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("err.txt").toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    Map<String, JsonNode> results = new HashMap<>();
    for (String line : Files.readAllLines(out)) {
      if (line.startsWith("{")) {
        JsonNode result = Json.parse(line);
        results.put(result.path("job").asText(), result);
      }
    }
    assertThat(results).as(Files.readString(folder.resolve("err.txt"))).hasSize(jobs.size());
    return results;
  }

  /** Compares up to the first token at which two are about as likely. */
  private static void requireSame(String what, LanguageModel ours, JsonNode theirs, double margin) {
    assertThat(theirs.path("error").asText("")).as(what).isEmpty();
    for (int row = 0; row < prompts().length; row++) {
      int[] prompt = prompts()[row];
      int[] expected =
          ours.generateIds(
                  List.of(prompt),
                  GenerationOptions.builder().temperature(0).maxNewTokens(TOKENS).build())
              .get(0);
      JsonNode found = theirs.path("generated").path(row);
      assertThat(found.size()).as(what).isEqualTo(TOKENS);
      for (int i = 0; i < expected.length; i++) {
        if (expected[i] != found.path(i).asInt()) {
          int[] context = Arrays.copyOf(prompt, prompt.length + i);
          System.arraycopy(expected, 0, context, prompt.length, i);
          double gap =
              logProbability(ours, context, expected[i])
                  - logProbability(ours, context, found.path(i).asInt());
          assertThat(gap).as("%s, row %s, token %s: %s", what, row, i, found).isLessThan(margin);
          break;
        }
      }
    }
  }

  private static double logProbability(LanguageModel model, int[] context, int token) {
    TokenScores scores = model.scoreIds(List.of(new TokenSpan(context, new int[] {token}))).get(0);
    return scores.sum();
  }

  private static LanguageModel load(Path model, Adapter... adapters) {
    return LanguageModel.load(ModelSource.path(model), Precision.FP32, adapters);
  }

  @Test
  void generatesOurTokensForEveryFamily() throws Exception {
    requireLlamaCpp();
    Map<String, Path> models = new HashMap<>();
    for (String name : RandomModels.names()) {
      Path model = RandomModels.write(name, folder.resolve(name));
      models.put(name, model);
      export(model, GgufQuantization.F32, name);
    }
    Map<String, JsonNode> results = run();
    for (String name : RandomModels.names()) {
      try (LanguageModel ours = load(models.get(name))) {
        requireSame(name, ours, results.get(name), MARGIN);
      }
    }
  }

  private Path export(Path model, GgufQuantization type, String name) {
    Path file = folder.resolve(name + ".gguf");
    GgufExport.of(model).name("tiny").preTokenizer(RandomModels.preTokenizer()).type(type).to(file);
    add(name, file, Optional.empty(), List.of());
    return file;
  }

  @Test
  void generatesOurTokensForEveryType() throws Exception {
    requireLlamaCpp();
    List<String> families = List.of("llama", "gpt2", "phi3");
    Map<String, Path> files = new HashMap<>();
    Map<String, Path> models = new HashMap<>();
    for (String family : families) {
      Path model = RandomModels.write(family, folder.resolve(family));
      models.put(family, model);
      for (GgufQuantization type : GgufQuantization.values()) {
        String name = family + "." + type;
        files.put(name, export(model, type, name));
      }
    }
    Map<String, JsonNode> results = run();
    for (String family : families) {
      for (GgufQuantization type : GgufQuantization.values()) {
        String name = family + "." + type;
        Path read = folder.resolve(name + "-read");
        DequantizedModel.write(files.get(name), models.get(family), read);
        try (LanguageModel ours = load(read)) {
          double margin = type == GgufQuantization.F32 ? MARGIN : ROUNDED_MARGIN;
          requireSame(name, ours, results.get(name), margin);
        }
      }
    }
  }

  @Test
  void addsAnAdapterAsWeDo() throws Exception {
    requireLlamaCpp();
    Path model = GoldenFolders.copy(GoldenFolders.of("qwen2"), folder.resolve("qwen2"));
    Files.delete(model.resolve("generation_config.json"));
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(model.resolve("config.json")));
    config.remove("eos_token_id");
    Files.writeString(model.resolve("config.json"), Json.compact(config));
    Adapter adapter = Adapter.at(GoldenFolders.of("qwen2").resolve("adapter"));
    Path file = folder.resolve("base.gguf");
    Path beside = folder.resolve("adapter.gguf");
    Path merged = folder.resolve("merged.gguf");
    GgufExport.of(model).type(GgufQuantization.F32).preTokenizer("gpt-2").to(file);
    GgufAdapter.of(ModelSource.path(model), adapter).type(GgufQuantization.F32).to(beside);
    GgufExport.of(model)
        .adapter(adapter)
        .type(GgufQuantization.F32)
        .preTokenizer("gpt-2")
        .to(merged);
    add("beside", file, Optional.of(beside), List.of());
    add("merged", merged, Optional.empty(), List.of());
    Map<String, JsonNode> results = run();
    try (LanguageModel ours = load(model, adapter)) {
      requireSame("beside", ours, results.get("beside"), MARGIN);
      requireSame("merged", ours, results.get("merged"), MARGIN);
    }
  }

  @Test
  void dividesTextsAsOurTokenizerDoes() throws Exception {
    requireLlamaCpp();
    Map<String, List<int[]>> expected = new HashMap<>();
    for (String name : List.of("llama_k", "qwen2", "gpt2")) {
      Path model = GoldenFolders.of(name);
      Path file = folder.resolve(name + ".gguf");
      GgufExport.of(model).preTokenizer("gpt-2").type(GgufQuantization.Q8_0).to(file);
      add(name, file, Optional.empty(), TEXTS);
      try (Tokenizer tokenizer = Tokenizer.load(model)) {
        expected.put(name, tokenizer.encodeAll(TEXTS, false));
      }
    }
    Map<String, JsonNode> results = run();
    expected.forEach(
        (name, texts) -> {
          List<int[]> found = new ArrayList<>();
          for (JsonNode ids : results.get(name).path("texts")) {
            int[] row = new int[ids.size()];
            Arrays.setAll(row, i -> ids.path(i).asInt());
            found.add(row);
          }
          assertThat(found).as(name).containsExactlyElementsOf(texts);
        });
  }
}
