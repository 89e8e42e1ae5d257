package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.FoldersInMemory;
import io.adapt4j.core.Resources;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.ExpertStacks;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.Architectures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Small models of every family with random weights. Blocks of 256 fit in the rows of most matrices,
 * in those of the MLP's output only smaller ones or none.
 */
final class RandomModels {

  private static final String COMMON =
      """
      {"hidden_size": 256, "num_attention_heads": 4, "num_key_value_heads": 2,
      "max_position_embeddings": 128, "rms_norm_eps": 1e-5}
      """;

  /** How many ids the embedding has beyond those of the tokenizer: a field of these tests. */
  private static final String PADDING = "padding";

  /** Whose tokenizer a model gets, and what else its configuration says. */
  private record Description(String tokenizer, JsonNode config) {}

  /** All models by name, in groups. */
  private static final Map<String, Map<String, Description>> GROUPS = read();

  /** Models that a test has asked for, since drawing one takes longer than copying it. */
  private static final Map<String, Path> WRITTEN = new HashMap<>();

  private RandomModels() {}

  private static Map<String, Map<String, Description>> read() {
    Map<String, Map<String, Description>> groups = new LinkedHashMap<>();
    for (JsonNode model : rows().toList()) {
      groups
          .computeIfAbsent(model.path("group").asText(), group -> new LinkedHashMap<>())
          .put(
              model.path("name").asText(),
              new Description(model.path("tokenizer").asText(), model.path("config")));
    }
    return groups;
  }

  private static List<String> names(String group) {
    return List.copyOf(GROUPS.get(group).keySet());
  }

  /** One model of each family. */
  static List<String> families() {
    return names("families");
  }

  /** Models of the same families with other settings. */
  static List<String> variants() {
    return names("variants");
  }

  /** Mixtures of experts and hybrids, with the settings that their configurations may carry. */
  static List<String> mixtures() {
    return names("mixtures");
  }

  /** Models of dense families that came later. */
  static List<String> dense() {
    return names("dense");
  }

  /** Models, fields that their files cannot have, and the field that a refusal names. */
  static Stream<Arguments> refusals() {
    return rows()
        .flatMap(
            model ->
                model
                    .path("refused")
                    .valueStream()
                    .map(
                        refused ->
                            Arguments.of(
                                model.path("name").asText(),
                                Json.compact(refused.path("with")).replaceAll("^.|.$", ""),
                                refused.path("field").asText())));
  }

  /** Models with the architecture of their files, and the type of those that are read. */
  static Stream<Arguments> architectures() {
    return rows()
        .filter(model -> model.has("architecture"))
        .map(
            model ->
                Arguments.of(
                    model.path("name").asText(),
                    model.path("architecture").asText(),
                    model.path("readAs").asText()));
  }

  private static Stream<JsonNode> rows() {
    return Resources.rows(RandomModels.class, "random-models.jsonl").stream();
  }

  /** llama.cpp's name of the tokenizer's pre-tokenizer, which its own files do not tell. */
  static String preTokenizer() {
    return "gpt-2";
  }

  /** Writes a model without tokens that end a text, so that greedy texts go on. */
  static Path write(String name, Path folder) throws IOException {
    synchronized (WRITTEN) {
      Path first = WRITTEN.get(name);
      if (first == null) {
        first = write(name, "", Kept.FOLDER.resolve(name));
        WRITTEN.put(name, first);
      }
      return GoldenFolders.copy(first, folder);
    }
  }

  /** Writes one with other settings, as fields of its configuration. */
  static Path write(String name, String more, Path folder) throws IOException {
    return write(name, more, folder, RandomModels::random);
  }

  /** Writes one whose weights are all 0: for what is refused before they matter. */
  static Path writeUndrawn(String name, String more, Path folder) throws IOException {
    return write(
        name,
        more,
        folder,
        (tensor, shape, small, random) ->
            TensorData.of(
                tensor, StoredType.F32, shape, () -> ByteBuffer.allocate(4 * count(shape))));
  }

  /** Makes the values of a tensor. */
  private interface Values {
    TensorData of(String name, List<Long> shape, boolean small, Random random);
  }

  private static Path write(String name, String more, Path folder, Values values)
      throws IOException {
    Description model =
        GROUPS.values().stream()
            .filter(group -> group.containsKey(name))
            .findFirst()
            .orElseThrow()
            .get(name);
    GoldenFolders.copy(GoldenFolders.of(model.tokenizer()), folder);
    Files.delete(folder.resolve("generation_config.json"));
    // They are of another model, whose layers are other than those that are declared below.
    Files.deleteIfExists(folder.resolve("model.safetensors"));
    int vocabulary =
        Json.parse(Files.readString(folder.resolve("config.json"))).path("vocab_size").asInt();
    ObjectNode config = (ObjectNode) Json.parse(COMMON);
    config.setAll((ObjectNode) model.config());
    config.setAll((ObjectNode) Json.parse("{" + more + "}"));
    // Blocks of 32 fit in these rows; in the others no block does.
    int inner = name.length() % 2 == 0 ? 288 : 264;
    if (!config.has("intermediate_size")) {
      config.put("intermediate_size", inner);
    }
    config.put("vocab_size", vocabulary + config.path(PADDING).asInt());
    config.remove(PADDING);
    boolean small = name.startsWith("gemma3n") || name.startsWith("gemma4");
    if (small && !config.has("vocab_size_per_layer_input")) {
      config.set("vocab_size_per_layer_input", config.get("vocab_size"));
    }
    if (name.startsWith("gpt")) {
      config.remove(List.of("num_key_value_heads", "rms_norm_eps"));
    }
    Files.writeString(folder.resolve("config.json"), Json.compact(config));
    boolean fourBit = RandomMixtures.isFourBit(config);
    Map<String, List<Long>> shapes =
        Architectures.declareDecoder(ModelConfig.read(folder)).tensors();
    Random random = new UnsharedRandom(name.hashCode());
    List<TensorData> tensors = new ArrayList<>();
    shapes.forEach((tensor, shape) -> tensors.add(values.of(tensor, shape, small, random)));
    SafetensorsWriter.create()
        .writeModel(
            folder, ExpertStacks.join(fourBit ? RandomMixtures.fourBit(tensors, random) : tensors));
    return folder;
  }

  /** The folder of what was drawn, which goes with the process. */
  private static final class Kept {

    private static final Path FOLDER = create();

    private static Path create() {
      try {
        Path folder = FoldersInMemory.create("random-models");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
        return folder;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void delete(Path folder) {
      try {
        AtomicFolders.delete(folder);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static int count(List<Long> shape) {
    return Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
  }

  private static TensorData random(String name, List<Long> shape, boolean small, Random random) {
    int count = count(shape);
    boolean norm = name.contains("norm") || name.contains("ln_");
    // Scores have no factor there: rounding must not choose whom a token attends to.
    boolean query = small && name.endsWith("q_norm.weight");
    double scale = shape.size() == 1 ? 0.3 : name.contains("embed") ? 1 : 1.5 / Math.sqrt(256);
    boolean about1 =
        (norm && name.endsWith(".weight"))
            || name.endsWith("layer_scalar")
            || (name.contains(".router.") && name.endsWith("scale"));
    double center = query ? 0.2 : about1 ? 1 : 0;
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) (center + scale * random.nextGaussian()));
    }
    return TensorData.of(name, StoredType.F32, shape, bytes::flip);
  }
}
