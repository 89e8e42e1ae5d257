package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.encode.Classifier;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real llama.cpp loads the encoders that we write, cuts texts into our tokens, and computes our
 * vectors and scores. Needs what {@link LlamaCppTest} needs.
 */
class LlamaCppEncodersTest {

  /** The least cosine of vectors; llama.cpp looks GELU up in a table of half precision. */
  private static final double NEAR = 1 - 1e-5;

  @TempDir private Path folder;

  private Path modules;

  private final ArrayNode jobs = JsonNodeFactory.instance.arrayNode();

  @BeforeEach
  void requireLlamaCpp() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
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

  private void add(String name, Path file, List<int[]> sequences, int classes) {
    ObjectNode job = jobs.addObject().put("name", name).put("file", file.toString());
    ArrayNode all = job.put("classes", classes).putArray("sequences");
    for (int[] sequence : sequences) {
      ArrayNode ids = all.addArray();
      for (int id : sequence) {
        ids.add(id);
      }
    }
    ArrayNode texts = job.putArray("texts");
    EncoderFilesTest.TEXTS.forEach(texts::add);
  }

  private Map<String, JsonNode> run() throws Exception {
    Path list = folder.resolve("jobs.json");
    Files.writeString(list, Json.compact(jobs));
    Path script =
        Path.of(Objects.requireNonNull(LlamaCppTest.class.getResource("/llama-cpp.mjs")).toURI());
    Process process =
        new ProcessBuilder("node", script.toString(), modules.toString(), list.toString())
            .redirectOutput(folder.resolve("out.txt").toFile())
            .redirectError(folder.resolve("err.txt").toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    Map<String, JsonNode> results = new HashMap<>();
    for (String line : Files.readAllLines(folder.resolve("out.txt"))) {
      if (line.startsWith("{")) {
        JsonNode result = Json.parse(line);
        assertThat(result.path("error").asText("")).as(line).isEmpty();
        results.put(result.path("job").asText(), result);
      }
    }
    assertThat(results).as(Files.readString(folder.resolve("err.txt"))).hasSameSizeAs(jobs);
    return results;
  }

  private static float[] floats(JsonNode values) {
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.path(i).floatValue();
    }
    return floats;
  }

  private static void requireSameTokens(String name, Path model, JsonNode found) {
    try (Tokenizer tokenizer = Tokenizer.load(model)) {
      for (int i = 0; i < EncoderFilesTest.TEXTS.size(); i++) {
        String text = EncoderFilesTest.TEXTS.get(i);
        List<Integer> ids = found.path("texts").path(i).valueStream().map(JsonNode::asInt).toList();
        assertThat(ids)
            .as("%s: %s", name, text)
            .containsExactly(
                Arrays.stream(tokenizer.encode(text, false)).boxed().toArray(Integer[]::new));
      }
    }
  }

  @Test
  void computesOurVectors() throws Exception {
    Map<String, Path> models = new LinkedHashMap<>();
    for (String name : RandomEncoders.embedders()) {
      models.put(name, RandomEncoders.write(name, folder.resolve(name)));
    }
    for (String pooling : List.of("cls_token", "lasttoken")) {
      Path model = RandomEncoders.write("bert", folder.resolve(pooling));
      RandomEncoders.addModules(model, pooling, true);
      models.put(pooling, model);
    }
    models.put("gemma", RandomEncoders.writeGemma(folder.resolve("gemma")));
    models.put("qwen", RandomEncoders.writeQwen(folder.resolve("qwen")));
    models.forEach(
        (name, model) -> {
          Path file = EncoderFilesTest.export(model, GgufQuantization.F32);
          try (Tokenizer tokenizer = Tokenizer.load(model)) {
            add(name, file, tokenizer.encodeAll(stripped(), true), 0);
          }
        });
    Map<String, JsonNode> results = run();
    models.forEach(
        (name, model) -> {
          JsonNode found = results.get(name);
          requireSameTokens(name, model, found);
          try (TextEmbedder embedder = EncoderFilesTest.embedder(model)) {
            List<float[]> vectors = embedder.embedAll(stripped());
            for (int i = 0; i < vectors.size(); i++) {
              assertThat(
                      EncoderFilesTest.cosine(
                          floats(found.path("vectors").path(i)), vectors.get(i)))
                  .as("%s, text %s", name, i)
                  .isGreaterThan(NEAR);
            }
          }
        });
  }

  /** An embedder does not read white space around texts. */
  private static List<String> stripped() {
    return EncoderFilesTest.TEXTS.stream().map(String::strip).toList();
  }

  @Test
  void computesOurScores() throws Exception {
    Map<String, List<float[]>> expected = new LinkedHashMap<>();
    for (String name : RandomEncoders.classifiers()) {
      Path model = RandomEncoders.write(name, folder.resolve(name));
      Path file = EncoderFilesTest.export(model, GgufQuantization.F32);
      try (LoadedEncoder loaded =
          LoadedEncoder.load(model, Precision.FP32, List.of(), (encoder, tokenizer) -> {})) {
        List<int[]> sequences =
            new ArrayList<>(loaded.tokenizer().encodeAll(EncoderFilesTest.TEXTS, true));
        if (loaded.encoder().tokenTypes() == 1) {
          for (String text : EncoderFilesTest.TEXTS) {
            sequences.add(loaded.tokenizer().encodePair("a time", text, 128).ids());
          }
        }
        add(name, file, sequences, loaded.encoder().classes());
        expected.put(
            name, new Classifier(loaded.encoder(), loaded.tokenizer(), 128).logitsOf(sequences));
      }
    }
    Map<String, JsonNode> results = run();
    expected.forEach(
        (name, scores) -> {
          for (int i = 0; i < scores.size(); i++) {
            assertThat(floats(results.get(name).path("vectors").path(i)))
                .as("%s, text %s", name, i)
                .containsExactly(scores.get(i), within(5e-3f));
          }
        });
  }

  /** In its own template, which it takes from the file. */
  @Test
  void ranksAsOurRerankerThatAnswersYesOrNo() throws Exception {
    Map<String, double[]> expected = new LinkedHashMap<>();
    for (String name : List.of("qwen3", "qwen3_tied")) {
      Path model = RerankerFilesTest.write(name, folder.resolve(name));
      Path file = folder.resolve(name + ".gguf");
      RerankerFilesTest.export(model).reranker("Find the place").to(file);
      ObjectNode job = jobs.addObject().put("name", name).put("file", file.toString());
      ArrayNode documents = job.put("query", RerankerFilesTest.QUERY).putArray("documents");
      RerankerFilesTest.DOCUMENTS.forEach(documents::add);
      expected.put(name, RerankerFilesTest.scores(model, "Find the place"));
    }
    Map<String, JsonNode> results = run();
    expected.forEach(
        (name, scores) -> {
          for (int i = 0; i < scores.length; i++) {
            assertThat(results.get(name).path("scores").path(i).asDouble())
                .as("%s, document %s", name, i)
                .isCloseTo(scores[i], within(1e-4));
          }
        });
  }
}
