package io.adapt4j.core.internal.nn;

import static io.adapt4j.core.Words.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every family with its configuration as Transformers 5.15 writes it. */
class VersionFiveTest {

  private static final double TOLERANCE = 1e-4;
  private static final List<Path> SHELVES =
      List.of(
          Path.of("..", "..", "..", "shared", "golden", "models"),
          Path.of("..", "..", "..", "shared", "golden", "next", "models"));

  private static final Pattern EXPERT =
      Pattern.compile("(.*\\.experts)\\.(\\d+)\\.(\\w+)\\.weight");

  @TempDir private Path temporary;

  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#names")
  void computesTheSameFromAConfigurationInTheWordsOfEitherVersion(String name) throws IOException {
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      assertSame(folder, TOLERANCE);
    }
  }

  @ParameterizedTest
  @MethodSource("golden")
  void computesTheGoldenNumbersFromAConfigurationInTheWordsOfVersionFive(Path golden)
      throws IOException {
    assumeTrue(Files.isDirectory(golden), golden + " is absent");
    try (FamilyFolder folder = FamilyFolder.at(golden)) {
      assertSame(folder, golden.endsWith("qwen3_next") ? 1e-3 : 3 * TOLERANCE);
    }
  }

  /** Saved in the layout of the memory, with the experts of a layer in two tensors. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "mixtral",
        "qwen2_moe",
        "qwen3_moe",
        "qwen3_next",
        "olmoe",
        "glm4_moe",
        "dots1",
        "ernie4_5_moe"
      })
  void computesTheSameFromStackedExperts(String name) throws IOException {
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      JsonNode earlier = Json.parse(Files.readString(folder.path().resolve(ModelConfig.FILE)));
      try (Checkpoint checkpoint = Checkpoint.open(folder.path())) {
        SafetensorsWriter.create().writeModel(temporary, stacked(checkpoint));
      }
      Files.writeString(
          temporary.resolve(ModelConfig.FILE), Json.indented(VersionFive.of(earlier)));
      assertLogits(folder, TOLERANCE);
    }
  }

  private static List<TensorData> stacked(Checkpoint checkpoint) {
    Map<String, List<String>> stacks = new LinkedHashMap<>();
    for (String name : checkpoint.names()) {
      Matcher part = EXPERT.matcher(name);
      if (part.matches() && part.group(2).equals("0")) {
        String owner = part.group(1).replace("block_sparse_moe", "mlp");
        boolean mixtral = part.group(3).startsWith("w");
        String path = part.group(1) + ".%d.";
        stacks.put(
            owner + ".gate_up_proj",
            mixtral
                ? List.of(path + "w1.weight", path + "w3.weight")
                : List.of(path + "gate_proj.weight", path + "up_proj.weight"));
        stacks.put(
            owner + ".down_proj", List.of(path + (mixtral ? "w2.weight" : "down_proj.weight")));
      } else if (!part.matches()) {
        String later =
            name.replace("block_sparse_moe", "mlp").replace("mlp.moe_st", "mlp.gate.moe_st");
        stacks.put(later, List.of(name));
      }
    }
    List<TensorData> tensors = new ArrayList<>();
    stacks.forEach((stack, parts) -> tensors.add(joined(checkpoint, stack, parts)));
    return tensors;
  }

  private static TensorData joined(Checkpoint checkpoint, String name, List<String> parts) {
    List<Long> shape = new ArrayList<>(checkpoint.entry(parts.get(0).formatted(0)).shape());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    boolean stack = parts.get(0).contains("%d");
    int experts = 0;
    while (checkpoint.names().contains(parts.get(0).formatted(experts))) {
      for (String part : parts) {
        ByteBuffer source = checkpoint.bytes(part.formatted(experts));
        byte[] copy = new byte[source.remaining()];
        source.get(copy);
        bytes.writeBytes(copy);
      }
      experts++;
      if (!stack) {
        break;
      }
    }
    if (stack) {
      shape.set(0, shape.get(0) * parts.size());
      shape.add(0, (long) experts);
    }
    return TensorData.of(name, StoredType.F32, shape, () -> ByteBuffer.wrap(bytes.toByteArray()));
  }

  /** What this build saves says the same to Transformers 4.57, which ignores the newer fields. */
  @ParameterizedTest
  @MethodSource("io.adapt4j.core.internal.nn.FamilyFolder#names")
  void savesTheFieldsOfBothVersions(String name) throws IOException {
    try (FamilyFolder folder = FamilyFolder.open(name)) {
      JsonNode earlier = Json.parse(Files.readString(folder.path().resolve(ModelConfig.FILE)));
      String text = VersionFive.of(earlier).toString();
      JsonNode later = Json.parse(text);
      JsonNode saved = ModelConfig.parse(Path.of("config.json"), text).toJson();
      // That of Jina AI's remote code is saved in the words of Transformers' own classes.
      assumeTrue(saved.has("auto_map") == later.has("auto_map"));
      later
          .properties()
          .forEach(
              field -> {
                if (!field.getKey().equals("partial_rotary_factor")
                    && !field.getKey().equals("text_config")) {
                  assertThat(saved.path(field.getKey())).isEqualTo(field.getValue());
                }
              });
      for (String rotary :
          List.of(
              words(
                  "rope_theta rope_local_base_freq global_rope_theta local_rope_theta",
                  "partial_rotary_factor rotary_pct rotary_emb_base num_experts"))) {
        JsonNode was = earlier.path(rotary);
        if (was.isNumber() && !name.startsWith("gpt_neox")) {
          assertThat(saved.path(rotary).asDouble()).as(rotary).isEqualTo(was.asDouble());
        }
      }
      if (earlier.path("rope_scaling").isObject() && !name.startsWith("gte")) {
        JsonNode scaling = saved.path("rope_scaling");
        earlier
            .path("rope_scaling")
            .properties()
            .forEach(field -> assertThat(scaling.get(field.getKey())).isEqualTo(field.getValue()));
      }
    }
  }

  private void assertSame(FamilyFolder folder, double tolerance) throws IOException {
    JsonNode earlier = Json.parse(Files.readString(folder.path().resolve(ModelConfig.FILE)));
    try (Stream<Path> files = Files.list(folder.path())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.getFileName().toString().startsWith("model")) {
          Files.copy(file, temporary.resolve(file.getFileName().toString()));
        }
      }
    }
    Files.writeString(temporary.resolve(ModelConfig.FILE), Json.indented(VersionFive.of(earlier)));
    assertLogits(folder, tolerance);
  }

  private void assertLogits(FamilyFolder folder, double tolerance) {
    try (Network network = FamilyFolder.load(temporary)) {
      Batch batch = folder.batch("");
      boolean features = folder.has("last_hidden_state");
      float[] found =
          features ? FamilyFolder.hidden(network, batch) : FamilyFolder.logits(network, batch);
      String expected = features ? "last_hidden_state" : "logits";
      assertThat(folder.error(expected, found, batch)).isLessThan(tolerance);
    }
  }

  /** The folders of decoders and encoders, or the shelves themselves where they are absent. */
  static Stream<Path> golden() throws IOException {
    Stream.Builder<Path> folders = Stream.builder();
    for (Path shelf : SHELVES) {
      if (!Files.isDirectory(shelf)) {
        folders.add(shelf);
        continue;
      }
      try (Stream<Path> children = Files.list(shelf)) {
        children
            .filter(child -> Files.exists(child.resolve("expected.safetensors")))
            .filter(child -> !List.of("t5", "bart").contains(child.getFileName().toString()))
            .sorted()
            .forEach(folders::add);
      }
    }
    return folders.build();
  }
}
