package io.adapt4j.gguf;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.Targets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
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
  private static final double ROUNDED_MARGIN = 1;

  /** The least share of tokens that is generated before a toss-up goes the other way. */
  private static final double AGREED = 0.8;

  /** The same of types of 2 and 3 bits. */
  private static final double AGREED_OF_FEW_BITS = 0.6;

  /** Marks a file with the values of another in fp32. */
  private static final String VALUES = ".values";

  private static final List<String> TEXTS =
      List.of(
          "Once upon a time there was a little girl named Lily.",
          "  two spaces, 123 numbers & signs!\nA new line",
          "Grüße aus Österreich, 你好 😀",
          "It's 1234567 a.m.;\n\n  x+=`y`? (I'LL see) #tag!!\n");

  private static final List<String> LINES =
      List.of("Once upon a time\n\nthere was", "\na\n\n\n  b 12\n", TEXTS.get(2));

  private static final GenerationOptions OPTIONS =
      GenerationOptions.builder().temperature(0).maxNewTokens(TOKENS).ignoreEos(true).build();

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

  private Path script() throws Exception {
    return Path.of(
        Objects.requireNonNull(LlamaCppTest.class.getResource("/llama-cpp.mjs")).toURI());
  }

  /** Starts llama.cpp on all jobs. */
  private Process start() throws Exception {
    Path list = folder.resolve("jobs.json");
    Files.writeString(list, Json.compact(jobs));
    return new ProcessBuilder("node", script().toString(), modules.toString(), list.toString())
        .redirectOutput(folder.resolve("out.txt").toFile())
        .redirectError(folder.resolve("err.txt").toFile())
        .start();
  }

  private Map<String, JsonNode> results(Process process) throws Exception {
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    Map<String, JsonNode> results = new HashMap<>();
    for (String line : Files.readAllLines(folder.resolve("out.txt"))) {
      if (line.startsWith("{")) {
        JsonNode result = Json.parse(line);
        results.put(result.path("job").asText(), result);
      }
    }
    assertThat(results).as(Files.readString(folder.resolve("err.txt"))).hasSameSizeAs(jobs);
    return results;
  }

  private Map<String, JsonNode> run() throws Exception {
    return results(start());
  }

  /** What we generate after each prompt. */
  private static List<int[]> generated(LanguageModel model) {
    List<int[]> generated = new ArrayList<>();
    for (int[] prompt : prompts()) {
      generated.addAll(model.generateIds(List.of(prompt), OPTIONS));
    }
    return generated;
  }

  /** Compares up to the first token at which two are about as likely. */
  private static int requireSame(
      String what,
      List<int[]> ours,
      JsonNode theirs,
      double margin,
      Supplier<LanguageModel> model) {
    int agreed = 0;
    assertThat(theirs.path("error").asText("")).as(what).isEmpty();
    for (int row = 0; row < prompts().length; row++) {
      int[] prompt = prompts()[row];
      int[] expected = ours.get(row);
      JsonNode found = theirs.path("generated").path(row);
      assertThat(found.size()).as(what).isEqualTo(TOKENS);
      for (int i = 0; i < expected.length; i++, agreed++) {
        if (expected[i] != found.path(i).asInt()) {
          int[] context = Arrays.copyOf(prompt, prompt.length + i);
          System.arraycopy(expected, 0, context, prompt.length, i);
          try (LanguageModel loaded = model.get()) {
            double gap =
                logProbability(loaded, context, expected[i])
                    - logProbability(loaded, context, found.path(i).asInt());
            assertThat(gap).as("%s, row %s, token %s: %s", what, row, i, found).isLessThan(margin);
          }
          break;
        }
      }
    }
    return agreed;
  }

  private static void requireSame(
      String what, Path model, JsonNode theirs, double margin, Adapter... adapters) {
    List<int[]> ours;
    try (LanguageModel loaded = load(model, adapters)) {
      ours = generated(loaded);
    }
    requireSame(what, ours, theirs, margin, () -> load(model, adapters));
  }

  private static double logProbability(LanguageModel model, int[] context, int token) {
    TokenScores scores = model.scoreIds(List.of(new TokenSpan(context, new int[] {token}))).get(0);
    return scores.sum();
  }

  private static LanguageModel load(Path model, Adapter... adapters) {
    return LanguageModel.load(ModelSource.path(model), Precision.FP32, adapters);
  }

  private Path export(Path model, GgufQuantization type, String name) {
    Path file = folder.resolve(name + ".gguf");
    GgufExport export =
        GgufExport.of(model).name("tiny").preTokenizer(RandomModels.preTokenizer()).type(type);
    if (type.needsImportance()) {
      List<Example> texts = TEXTS.stream().<Example>map(Example.Text::new).toList();
      export.importance(ImportanceMatrix.measure(ModelSource.path(model), Datasets.of(texts)));
    }
    export.to(file);
    add(name, file, Optional.empty(), List.of());
    return file;
  }

  /** Of each file, what we generate with the file as a model. */
  private Map<String, List<int[]>> generated(Map<String, Path> files) {
    Map<String, List<int[]>> generated = new HashMap<>();
    files.forEach(
        (name, file) -> {
          try (LanguageModel model = load(file)) {
            generated.put(name, generated(model));
          }
        });
    return generated;
  }

  /** What files of mixtures compute here is in {@link MixtureFilesTest}. */
  @Test
  void generatesTheTokensOfTheModelWithEverySetting() throws Exception {
    List<String> all = new ArrayList<>(RandomModels.variants());
    all.addAll(RandomModels.mixtures());
    requireSameTokens(all, RandomModels.variants());
  }

  /** What their files compute here is in {@link DenseFamiliesTest}. */
  @Test
  void generatesTheTokensOfDenseFamilies() throws Exception {
    requireSameTokens(RandomModels.dense(), List.of());
  }

  private void requireSameTokens(List<String> names, List<String> filesToo) throws Exception {
    requireLlamaCpp();
    Map<String, Path> models = new LinkedHashMap<>();
    Map<String, Path> files = new LinkedHashMap<>();
    for (String name : names) {
      Path model = RandomModels.write(name, folder.resolve(name));
      models.put(name, model);
      files.put(name, export(model, GgufQuantization.F32, name));
    }
    files.keySet().retainAll(filesToo);
    Process process = start();
    Map<String, List<int[]>> ofModels = generated(models);
    Map<String, List<int[]>> ofFiles = generated(files);
    Map<String, JsonNode> results = results(process);
    ofFiles.forEach(
        (name, found) -> assertThat(found).as(name).containsExactlyElementsOf(ofModels.get(name)));
    for (String name : names) {
      double margin = name.endsWith("4bit") ? ROUNDED_MARGIN : MARGIN;
      requireSame(
          name, ofModels.get(name), results.get(name), margin, () -> load(models.get(name)));
    }
  }

  /**
   * Two families in all types, the others in fp32 and an eighth of the types, by turns; in all of
   * them with {@code -Dadapt4j.llama.cpp.types=all}.
   */
  @Test
  void generatesOurTokensForEveryFamilyInEveryType() throws Exception {
    requireLlamaCpp();
    boolean all = System.getProperty("adapt4j.llama.cpp.types", "").equals("all");
    Map<String, Path> models = new LinkedHashMap<>();
    Map<String, Path> files = new LinkedHashMap<>();
    for (String family : RandomModels.families()) {
      Path model = RandomModels.write(family, folder.resolve(family));
      models.put(family, model);
      int turn = models.size();
      for (GgufQuantization type : GgufQuantization.values()) {
        turn++;
        if (type.needsImportance() && !Files.exists(model.resolve("tokenizer.json"))) {
          continue; // An importance matrix is measured over texts.
        }
        if (all || models.size() <= 2 || turn % 8 == 0 || type == GgufQuantization.F32) {
          String name = family + "." + type;
          Path file = export(model, type, name);
          files.put(name, file);
          if (hasFewBits(name)) {
            Path values = folder.resolve(name + VALUES);
            DequantizedTensor.writeAll(file, values);
            add(name + VALUES, values, Optional.empty(), List.of());
          }
        }
      }
    }
    Process process = start();
    Map<String, List<int[]>> ofModels = generated(models);
    Map<String, List<int[]>> ofFiles = generated(files);
    Map<String, JsonNode> results = results(process);
    Map<Boolean, List<Integer>> agreed = Map.of(true, new ArrayList<>(), false, new ArrayList<>());
    for (Map.Entry<String, Path> entry : files.entrySet()) {
      String name = entry.getKey();
      List<int[]> ours = ofFiles.get(name);
      boolean exact = name.endsWith(".F32");
      Supplier<LanguageModel> model = () -> load(entry.getValue());
      // With few bits, activations that are rounded to 8 may choose any token: from the same
      // values in fp32 llama.cpp must choose ours.
      if (hasFewBits(name)) {
        requireSame(name + VALUES, ours, results.get(name + VALUES), MARGIN, model);
      }
      double margin = exact ? MARGIN : hasFewBits(name) ? Double.POSITIVE_INFINITY : ROUNDED_MARGIN;
      agreed.get(hasFewBits(name)).add(requireSame(name, ours, results.get(name), margin, model));
      if (exact) {
        assertThat(ours).as(name).containsExactlyElementsOf(ofModels.get(name.replace(".F32", "")));
      }
    }
    assertThat(share(agreed.get(false))).isGreaterThan(AGREED);
    assertThat(share(agreed.get(true))).isGreaterThan(AGREED_OF_FEW_BITS);
  }

  private static boolean hasFewBits(String name) {
    return name.matches(".*\\.Q[23]_K.*");
  }

  /** The share of tokens that are those of llama.cpp, from their number in each file. */
  private static double share(List<Integer> agreed) {
    return agreed.stream().mapToInt(Integer::intValue).average().orElseThrow()
        / (prompts().length * TOKENS);
  }

  @Test
  void generatesOurTokensWithTypesThatAreOnlyRead() throws Exception {
    requireLlamaCpp();
    Path model =
        RandomModels.write(
            "llama", "\"num_hidden_layers\": 2, \"intermediate_size\": 256", folder.resolve("m"));
    Path plain = folder.resolve("plain.gguf");
    GgufExport.of(model)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(plain);
    Map<String, Path> files = new LinkedHashMap<>();
    for (TensorType type : TensorType.values()) {
      if (type.name().matches("IQ[123].*|TQ.*|Q[12]_0|NVFP4")) {
        Path file = folder.resolve(type + ".gguf");
        RandomBlocks.replace(plain, type, file);
        add(type.name(), file, Optional.empty(), List.of());
        files.put(type.name(), file);
      }
    }
    Process process = start();
    Map<String, List<int[]>> ours = generated(files);
    Map<String, JsonNode> results = results(process);
    List<Integer> agreed = new ArrayList<>();
    for (String name : files.keySet()) {
      agreed.add(
          requireSame(
              name,
              ours.get(name),
              results.get(name),
              ROUNDED_MARGIN,
              () -> load(files.get(name))));
    }
    // Texts of random codes are near ties more often than others.
    assertThat(share(agreed)).isGreaterThan(0.5);
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
    requireSame("beside", model, results.get("beside"), MARGIN, adapter);
    requireSame("merged", model, results.get("merged"), MARGIN, adapter);
  }

  /** Of those whose rows a file reorders or turns, or whose projections are fused. */
  @Test
  void addsAnAdapterOfEveryLayoutAsWeDo() throws Exception {
    requireLlamaCpp();
    Map<String, Path> models = new LinkedHashMap<>();
    Map<String, Adapter> adapters = new LinkedHashMap<>();
    for (String family :
        List.of(
            words(
                "llama granite gemma2 phi3 gpt2 gpt_neox phi glm4 cohere2 nemotron",
                "falcon_groups internlm2 ministral3 gemma4 gemma4_moe mixtral granitemoe",
                "gpt_bigcode_heads bloom"))) {
      Path model = RandomModels.write(family, folder.resolve(family));
      Adapter adapter = randomAdapter(model, targets(family), folder.resolve(family + "-adapter"));
      models.put(family, model);
      adapters.put(family, adapter);
      Path base = folder.resolve(family + ".gguf");
      Path beside = folder.resolve(family + "-lora.gguf");
      GgufExport.of(model)
          .name("tiny")
          .type(GgufQuantization.F32)
          .preTokenizer(RandomModels.preTokenizer())
          .to(base);
      GgufAdapter.of(ModelSource.path(model), adapter).type(GgufQuantization.F32).to(beside);
      add(family, base, Optional.of(beside), List.of());
    }
    Map<String, JsonNode> results = run();
    models.forEach(
        (family, model) -> {
          requireSame(family, model, results.get(family), MARGIN, adapters.get(family));
          List<int[]> plain;
          try (LanguageModel loaded = load(model)) {
            plain = generated(loaded);
          }
          assertThat(plain)
              .as("%s without its adapter", family)
              .isNotEqualTo(
                  results
                      .get(family)
                      .path("generated")
                      .valueStream()
                      .map(row -> row.valueStream().mapToInt(JsonNode::asInt).toArray())
                      .toList());
        });
  }

  /** Experts in one tensor are no linear layers. */
  private static Targets targets(String family) {
    return switch (family) {
      case "gemma4_moe" -> Targets.names("q_proj", "proj", "gate_up_proj", "down_proj");
      case "granitemoe" -> Targets.names("q_proj", "input_linear", "output_linear");
      default -> Targets.ALL_LINEAR;
    };
  }

  static Adapter randomAdapter(Path model, Targets targets, Path target) {
    SplittableRandom random = new SplittableRandom(5);
    try (Decoder decoder = TestModels.load(model);
        Adaptation adaptation =
            Methods.of(Lora.rank(4).targets(targets)).attach(decoder, model, 1)) {
      for (Trainable trained : adaptation.trained()) {
        float[] values = new float[(int) trained.value().count()];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (0.1 * random.nextGaussian());
        }
        try (Tensor drawn = Tensor.of(values, trained.value().sizes())) {
          trained.value().copyFrom(drawn);
        }
      }
      adaptation.refresh();
      adaptation.save(target);
    }
    return Adapter.at(target);
  }

  /** By the names of pre-tokenizers that files of many families have. */
  @Test
  void dividesTextsAsAFileIsRead() throws Exception {
    requireLlamaCpp();
    Map<String, List<int[]>> expected = new HashMap<>();
    for (String name :
        List.of(
            words(
                "falcon seed-coder hunyuan-dense exaone4 command-r glm4 hunyuan stablelm2 lfm2",
                "deepseek-llm minimax-m2"))) {
      Path file = folder.resolve(name + ".gguf");
      GgufExport.of(GoldenFolders.of("gpt2"))
          .preTokenizer(name)
          .type(GgufQuantization.Q8_0)
          .to(file);
      add(name, file, Optional.empty(), TEXTS);
      try (Tokenizer tokenizer = Tokenizer.load(ModelSource.path(file).folder())) {
        expected.put(name, tokenizer.encodeAll(TEXTS, false));
      }
    }
    requireTexts(expected);
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
    Path model = LaterModels.withLines(RandomModels.write("gemma4", folder.resolve("gemma4")));
    Path file = export(model, GgufQuantization.Q8_0, "merges");
    add("gemma4", file, Optional.empty(), LINES);
    try (Tokenizer tokenizer = Tokenizer.load(ModelSource.path(file).folder())) {
      expected.put("gemma4", tokenizer.encodeAll(LINES, false));
    }
    requireTexts(expected);
  }

  private void requireTexts(Map<String, List<int[]>> expected) throws Exception {
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
