package io.adapt4j.gguf;

import static io.adapt4j.core.Floats.largest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of mixtures of experts and of hybrids. */
class MixtureFilesTest {

  @TempDir private Path folder;

  @BeforeEach
  void keepFoldersOfFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  static List<String> models() {
    return RandomModels.mixtures();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aFileComputesAsItsCheckpoint(String name) throws IOException {
    Path checkpoint = RandomModels.write(name, folder.resolve(name));
    Path file = export(checkpoint, GgufQuantization.F32);
    float[] wanted = logits(checkpoint);
    assertThat(logits(ModelSource.path(file).folder()))
        .containsExactly(wanted, within(1e-5f * largest(wanted)));
  }

  private Path export(Path checkpoint, GgufQuantization type) {
    Path file = folder.resolve(checkpoint.getFileName() + "." + type + ".gguf");
    GgufExport.of(checkpoint)
        .name("tiny")
        .preTokenizer(RandomModels.preTokenizer())
        .type(type)
        .to(file);
    return file;
  }

  private static float[] logits(Path folder) {
    try (Decoder decoder = TestModels.load(folder)) {
      return TestModels.logits(decoder, 20);
    }
  }

  /** Newer versions of Transformers store all experts of a layer in two tensors. */
  @Test
  void expertsInStacksGiveTheSameFile() throws IOException {
    Path apart = RandomModels.write("qwen3_moe", folder.resolve("apart"));
    Path stacked = folder.resolve("stacked");
    GoldenFolders.copy(apart, stacked);
    try (Checkpoint checkpoint = Checkpoint.open(apart)) {
      SafetensorsWriter.create().writeModel(stacked, stacked(checkpoint));
    }
    assertThat(export(stacked, GgufQuantization.Q4_K_M))
        .hasSameBinaryContentAs(export(apart, GgufQuantization.Q4_K_M));
  }

  private static List<TensorData> stacked(Checkpoint checkpoint) {
    List<TensorData> tensors = new ArrayList<>();
    Map<String, List<String>> stacks = new LinkedHashMap<>();
    for (String name : checkpoint.names()) {
      int experts = name.indexOf(".experts.");
      if (experts < 0) {
        tensors.add(tensor(checkpoint, name, checkpoint.entry(name).shape(), List.of(name)));
      } else {
        String path = name.substring(0, experts) + ".experts.";
        stacks.put(path + "gate_up_proj", List.of("gate_proj", "up_proj"));
        stacks.put(path + "down_proj", List.of("down_proj"));
      }
    }
    stacks.forEach(
        (stack, projections) -> {
          String path = stack.substring(0, stack.lastIndexOf('.'));
          List<String> parts = new ArrayList<>();
          int count = 0;
          while (checkpoint.names().contains(part(path, count, "down_proj"))) {
            for (String projection : projections) {
              parts.add(part(path, count, projection));
            }
            count++;
          }
          TensorEntry first = checkpoint.entry(parts.get(0));
          long rows = first.shape().get(0) * projections.size();
          tensors.add(
              tensor(checkpoint, stack, List.of((long) count, rows, first.shape().get(1)), parts));
        });
    return tensors;
  }

  private static String part(String path, int expert, String projection) {
    return path + "." + expert + "." + projection + ".weight";
  }

  private static TensorData tensor(
      Checkpoint checkpoint, String name, List<Long> shape, List<String> parts) {
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    ByteBuffer bytes = ByteBuffer.allocate(4 * (int) elements);
    parts.forEach(part -> bytes.put(checkpoint.bytes(part)));
    return TensorData.of(name, StoredType.F32, shape, () -> bytes.duplicate().flip());
  }

  /** Whatever the type of the file; and so no number of them changes. */
  @Test
  void expertsInFourBitsKeepTheirBits() throws IOException {
    Path checkpoint = RandomModels.write("gpt_oss_4bit", folder.resolve("gpt_oss_4bit"));
    Path path = export(checkpoint, GgufQuantization.Q4_K_M);
    try (GgufFile file = GgufFile.open(path);
        Checkpoint stored = Checkpoint.open(checkpoint)) {
      GgufTensor up = file.tensor("blk.1.ffn_up_exps.weight");
      assertThat(up.type()).isEqualTo(TensorType.MXFP4);
      assertThat(up.shape()).containsExactly(256L, 288L, 3L);
      String weight = "model.layers.1.mlp.experts[2].gate_up_proj.weight";
      ByteBuffer numbers = ByteBuffer.allocate(576 * 8 * 16);
      ByteBuffer scales = ByteBuffer.allocate(576 * 8);
      stored.file(weight, SplitTensors.class).orElseThrow().readFourBit(weight, numbers, scales);
      // Block 3 of row 5 of up, which is row 11 of gate and up in turn, of the last expert.
      int block = 11 * 8 + 3;
      ByteBuffer written = ByteBuffer.allocate(17).order(ByteOrder.LITTLE_ENDIAN);
      file.read(up, ((2L * 288 + 5) * 8 + 3) * 17, written);
      assertThat(written.get(0)).isEqualTo(scales.get(block));
      for (int i = 0; i < 32; i++) {
        int ours = written.get(1 + i % 16) >> (i < 16 ? 0 : 4) & 15;
        int theirs = numbers.get(block * 16 + i / 2) >> (i % 2 == 0 ? 0 : 4) & 15;
        assertThat(ours).as("number %s", i).isEqualTo(theirs);
      }
    }
  }

  /** Few tokens are multiplied by the blocks of the file, many by restored weights. */
  @Test
  void expertsInFourBitsComputeAsTheCheckpointDoes() throws IOException {
    Path checkpoint = RandomModels.write("gpt_oss_4bit", folder.resolve("gpt_oss_4bit"));
    Path file = export(checkpoint, GgufQuantization.F32);
    try (Decoder stored = TestModels.load(checkpoint);
        Decoder read = TestModels.load(ModelSource.path(file).folder())) {
      for (int tokens : new int[] {1, 3, 24}) {
        assertThat(
                TestModels.difference(
                    TestModels.logits(read, tokens), TestModels.logits(stored, tokens)))
            .isLessThan(1e-5);
      }
    }
  }

  /** Their text model is below another path, and its fields in a part of the configuration. */
  @Test
  void modelsWithImagesAreWrittenAsTheirTextModels() throws IOException {
    Path text = RandomModels.write("qwen3_5", folder.resolve("text"));
    Path whole = folder.resolve("whole");
    GoldenFolders.copy(text, whole);
    ObjectNode config = (ObjectNode) Json.parse(Files.readString(text.resolve("config.json")));
    ObjectNode outer = config.objectNode().put("model_type", "qwen3_5");
    outer.set("text_config", config);
    Files.writeString(whole.resolve("config.json"), Json.compact(outer));
    try (Checkpoint checkpoint = Checkpoint.open(text)) {
      SafetensorsWriter.create()
          .writeModel(
              whole,
              checkpoint.names().stream()
                  .map(
                      name ->
                          tensor(
                              checkpoint,
                              name.replaceFirst("^model\\.", "model.language_model."),
                              checkpoint.entry(name).shape(),
                              List.of(name)))
                  .toList());
    }
    assertThat(export(whole, GgufQuantization.Q8_0))
        .hasSameBinaryContentAs(export(text, GgufQuantization.Q8_0));
  }
}
