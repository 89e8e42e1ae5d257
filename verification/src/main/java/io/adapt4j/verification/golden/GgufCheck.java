package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.gguf.GgufAdapter;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.verification.internal.CopiedTensor;
import io.adapt4j.verification.internal.Deviation;
import io.adapt4j.verification.internal.GoldenException;
import io.adapt4j.verification.internal.GoldenSource;
import io.adapt4j.verification.internal.Kind;
import io.adapt4j.verification.internal.PythonJson;
import io.adapt4j.verification.internal.Report;
import io.adapt4j.verification.internal.TemporaryFolder;
import io.adapt4j.verification.internal.UnsupportedQuantityException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Compares exported models and adapters with those of llama.cpp's converter and quantizer:
 * metadata, tensors and whole files byte for byte, and the tokens generated from the dequantized
 * weights.
 *
 * <p>Of a tokenizer without {@code tokenizer.model} the converter writes -1000 for every score,
 * which loses the order of merges; ours are ranks. The whole file is compared with these put back.
 */
final class GgufCheck {

  static final Kind KIND =
      new Kind(
          "GGUF files",
          source -> source.json().has("llama_cpp") && source.json().has("types"),
          (source, section) -> {
            try (TemporaryFolder temporary = TemporaryFolder.create()) {
              new GgufCheck(source, section, temporary.path()).run();
            }
          });

  private static final String SCORES = "tokenizer.ggml.scores";
  private static final float CONVERTERS_SCORE = -1000;
  private static final double GAP = 1e-3;

  private final GoldenSource source;
  private final JsonNode expected;
  private final Report.Section section;
  private final Path temporary;
  private final Path model;

  private GgufCheck(GoldenSource source, Report.Section section, Path temporary)
      throws IOException {
    this.source = source;
    this.expected = source.json();
    this.section = section;
    this.temporary = temporary;
    this.model = model();
  }

  /** Returns the folder itself, or a copy of its model. */
  private Path model() throws IOException {
    if (source.has(ModelConfig.FILE)) {
      return source.path();
    }
    String name = expected.path("name").asText();
    Path shared = source.path().resolve("../../../data").resolve(name).normalize();
    if (!Files.isDirectory(shared)) {
      throw new UnsupportedQuantityException("model " + name + " in " + shared);
    }
    Path copy = Files.createDirectory(temporary.resolve("model"));
    copy(shared, copy);
    Path config = copy.resolve("tokenizer_config.json");
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(config));
    fields.remove("add_prefix_space");
    Files.writeString(config, Json.compact(fields));
    return copy;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(
            file, to.resolve(file.getFileName().toString()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private void run() {
    String family = expected.path("model_type").asText();
    if (!Families.hasModelType(family)) {
      throw new UnsupportedQuantityException("model_type " + family);
    }
    for (Map.Entry<String, JsonNode> type : expected.path("types").properties()) {
      section.attempt(type.getKey(), () -> file(type.getKey(), type.getValue()));
    }
    for (Map.Entry<String, JsonNode> type : expected.at("/lora/types").properties()) {
      section.attempt("adapter " + type.getKey(), () -> adapter(type.getKey(), type.getValue()));
    }
  }

  private static GgufQuantization quantization(String type) {
    return GgufQuantization.valueOf(type.toUpperCase(Locale.ROOT));
  }

  private void file(String type, JsonNode wanted) throws IOException {
    Path file = temporary.resolve(type + ".gguf");
    GgufExport export = GgufExport.of(model).name(name(wanted)).type(quantization(type));
    Optional.ofNullable(expected.path("tokenizer_pre_given").textValue())
        .ifPresent(export::preTokenizer);
    export.to(file);
    try (GgufFile written = GgufFile.open(file)) {
      boolean ranked = hasRankedScores(written.metadata(), wanted);
      section.attempt(type + " metadata", () -> metadata(type, written, wanted, ranked));
      section.attempt(type + " tensors", () -> tensors(type, written, wanted));
      section.attempt(type + " file", () -> whole(type, written, wanted, ranked));
    }
    section.attempt(type + " ids", () -> ids(type, file, wanted));
    new GgufBaseCheck(source, section).run(type, file, model, wanted);
  }

  private static String name(JsonNode wanted) {
    for (JsonNode entry : wanted.path("metadata")) {
      if (entry.path("key").asText().equals("general.name")) {
        return entry.path("value").asText();
      }
    }
    throw new GoldenException("expected general.name among the metadata");
  }

  /** Whether the converter wrote its placeholder where we write ranks. */
  private static boolean hasRankedScores(GgufMetadata metadata, JsonNode wanted) {
    for (JsonNode entry : wanted.path("metadata")) {
      if (entry.path("key").asText().equals(SCORES)) {
        JsonNode last = entry.path("value").path("last");
        return last.path(last.size() - 1).asDouble() == CONVERTERS_SCORE
            && metadata.numbers(SCORES).isPresent();
      }
    }
    return false;
  }

  private void metadata(String type, GgufFile written, JsonNode wanted, boolean ranked) {
    List<String> keys = new ArrayList<>();
    wanted.path("metadata").forEach(entry -> keys.add(entry.path("key").asText()));
    section.equal(
        type + " keys", String.join(" ", keys), String.join(" ", written.metadata().keys()));
    for (JsonNode entry : wanted.path("metadata")) {
      String key = entry.path("key").asText();
      if (ranked && key.equals(SCORES)) {
        continue;
      }
      section.equal(
          type + " " + key,
          described(entry.path("value"), entry.path("type").asText()),
          described(written.metadata(), key));
    }
  }

  private static String described(JsonNode value, String type) {
    if (type.startsWith("ARRAY")) {
      return value.path("length").asInt() + " " + value.path("sha256_of_json").asText();
    }
    return value.isNumber() ? String.valueOf(value.asDouble()) : value.asText();
  }

  private static String described(GgufMetadata metadata, String key) {
    if (metadata.isArray(key)) {
      return metadata
          .strings(key)
          .map(texts -> array(texts.size(), new ArrayList<Object>(texts)))
          .or(() -> metadata.integers(key).map(GgufCheck::integers))
          .or(() -> metadata.numbers(key).map(GgufCheck::numbers))
          .orElse("an array of another type");
    }
    return metadata
        .string(key)
        .or(() -> metadata.bool(key).map(String::valueOf))
        .orElseGet(() -> String.valueOf(metadata.number(key).orElse(Double.NaN)));
  }

  private static String integers(long[] values) {
    return array(values.length, new ArrayList<>(Arrays.stream(values).boxed().toList()));
  }

  private static String numbers(double[] values) {
    return array(values.length, new ArrayList<>(Arrays.stream(values).boxed().toList()));
  }

  /** The length and the hash of compact JSON as Python writes it. */
  private static String array(int length, List<Object> values) {
    StringBuilder json = new StringBuilder("[");
    for (Object value : values) {
      json.append(json.length() > 1 ? "," : "");
      json.append(value instanceof String text ? PythonJson.quoted(text) : String.valueOf(value));
    }
    return length + " " + FileDigest.sha256(json.append(']').toString());
  }

  private void tensors(String type, GgufFile written, JsonNode wanted) {
    StringBuilder listed = new StringBuilder();
    wanted
        .path("tensors")
        .forEach(
            tensor ->
                listed
                    .append(tensor.path("name").asText())
                    .append(' ')
                    .append(tensor.path("type").asText())
                    .append(tensor.path("shape"))
                    .append(tensor.path("offset"))
                    .append('\n'));
    StringBuilder found = new StringBuilder();
    written
        .tensors()
        .values()
        .forEach(
            tensor ->
                found
                    .append(tensor.name())
                    .append(' ')
                    .append(tensor.type())
                    .append(tensor.shape().toString().replace(" ", ""))
                    .append(tensor.offset())
                    .append('\n'));
    section.equal(type + " tensor list", listed.toString(), found.toString());
    int differing = 0;
    for (JsonNode tensor : wanted.path("tensors")) {
      String hash = FileDigest.sha256(bytes(written, tensor.path("name").asText()));
      differing += hash.equals(tensor.path("sha256").asText()) ? 0 : 1;
    }
    section.compared(type + " tensors that differ", new Deviation(differing, 0));
  }

  private static byte[] bytes(GgufFile file, String name) {
    GgufTensor tensor = file.tensor(name);
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(tensor.bytes()));
    file.read(tensor, 0, bytes);
    return bytes.array();
  }

  private void whole(String type, GgufFile written, JsonNode wanted, boolean ranked)
      throws IOException {
    Path file = written.path();
    if (ranked) {
      file = temporary.resolve(type + ".scores.gguf");
      int count = written.metadata().numbers(SCORES).orElseThrow().length;
      float[] scores = new float[count];
      Arrays.fill(scores, CONVERTERS_SCORE);
      List<TensorSource> tensors = new ArrayList<>();
      for (GgufTensor tensor : written.tensors().values()) {
        tensors.add(new CopiedTensor(written, tensor));
      }
      GgufWriter.write(
          file, written.metadata().toBuilder().float32s(SCORES, scores).build(), tensors);
    }
    section.equal(
        type + (ranked ? " file with the converter's scores" : " file"),
        wanted.path("file_sha256").asText(),
        FileDigest.sha256(Files.readAllBytes(file)));
  }

  private void adapter(String type, JsonNode wanted) throws IOException {
    Path file = temporary.resolve("adapter." + type + ".gguf");
    GgufAdapter.of(ModelSource.path(model), Adapter.at(source.path().resolve("adapter")))
        .type(quantization(type))
        .name(name(wanted))
        .to(file);
    section.equal(
        "adapter " + type + " file",
        wanted.path("file_sha256").asText(),
        FileDigest.sha256(Files.readAllBytes(file)));
  }

  /**
   * Checks that the file's weights, read back through the family's mapping, generate the expected
   * ids.
   */
  private void ids(String type, Path file, JsonNode wanted) throws IOException {
    boolean exact = type.equals("f32");
    JsonNode reference = exact ? expected.path("transformers_f32") : wanted.path("dequantised_f32");
    Path folder = temporary.resolve(type + "-read");
    DequantizedModel.write(file, model, folder);
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(folder.resolve("config.json")));
    config.remove(List.of("eos_token_id", "bos_token_id"));
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    compareIds(type + " ids", reference, section, expected, folder, false);
  }

  /** Compares generated ids, unless two logits of the reference are as good as equal. */
  static void compareIds(
      String quantity,
      JsonNode reference,
      Report.Section section,
      JsonNode expected,
      Path model,
      boolean ignoreEos) {
    GenerationOptions options =
        GenerationOptions.builder()
            .temperature(0)
            .maxNewTokens(expected.path("new_tokens").asInt())
            .ignoreEos(ignoreEos)
            .build();
    String generated = text(ints(reference.path("generated")));
    String found;
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), Precision.FP32)) {
      found = text(loaded.generateIds(ints(expected.path("prompts")), options));
    }
    if (reference.path("min_margin").asDouble() <= GAP && !generated.equals(found)) {
      throw new UnsupportedQuantityException("ids where two logits are within " + GAP);
    }
    section.equal(quantity, generated, found);
  }

  static List<int[]> ints(JsonNode rows) {
    List<int[]> ints = new ArrayList<>();
    for (JsonNode row : rows) {
      int[] ids = new int[row.size()];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = row.path(i).asInt();
      }
      ints.add(ids);
    }
    return ints;
  }

  private static String text(List<int[]> ids) {
    StringBuilder text = new StringBuilder();
    ids.forEach(row -> text.append(Arrays.toString(row)));
    return text.toString();
  }
}
