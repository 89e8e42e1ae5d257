package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of dense families, there and back. */
class DenseFamiliesTest {

  private static final int TOKENS = 24;

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  static List<String> models() {
    return RandomModels.dense();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aFileComputesAsItsCheckpoint(String name) throws IOException {
    Path model = RandomModels.write(name, folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model)
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(file);
    try (Decoder expected = TestModels.load(model);
        Decoder found = TestModels.load(ModelSource.path(file).folder())) {
      assertThat(TestModels.logits(found, TOKENS))
          .containsExactly(TestModels.logits(expected, TOKENS), within(2e-4f));
    }
  }

  /** The parts of one matrix for query, key and value may have different types. */
  @ParameterizedTest
  @CsvSource({"internlm2, Q4_K_M", "internlm2, Q8_0", "internlm2, F16", "falcon_groups, Q4_K_M"})
  void blocksOfAFusedMatrixComputeAsTheirValues(String name, GgufQuantization type)
      throws IOException {
    Path model = RandomModels.write(name, "\"num_hidden_layers\": 9", folder.resolve(name));
    Path file = folder.resolve("model.gguf");
    GgufExport.of(model).preTokenizer(RandomModels.preTokenizer()).type(type).to(file);
    Path read = ModelSource.path(file).folder();
    try (Decoder expected = TestModels.dequantized(read);
        Decoder found = TestModels.load(read)) {
      for (int tokens : new int[] {1, TOKENS}) {
        assertThat(TestModels.difference(logits(found, tokens), logits(expected, tokens)))
            .isLessThan(1e-4);
      }
    }
  }

  private static float[] logits(Decoder decoder, int tokens) {
    return TestModels.logits(decoder, tokens);
  }

  @Test
  void partsOfOneMatrixInTwoTypesAreNoTypeToTrainFor() throws IOException {
    Path model =
        RandomModels.write("internlm2", "\"num_hidden_layers\": 9", folder.resolve("internlm2"));
    assertThatThrownBy(() -> GgufExport.of(model).type(GgufQuantization.Q4_K_M).types())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("wqkv.weight");
    assertThat(GgufExport.of(model).type(GgufQuantization.Q4_0).types())
        .containsEntry("model.layers.0.attention.wqkv.weight", TensorType.Q4_0);
  }

  static Stream<Arguments> architectures() {
    return RandomModels.architectures();
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void filesHaveLlamaCppsNameOfTheFamily(String name, String architecture, String readAs)
      throws IOException {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(RandomModels.write(name, folder.resolve(name)))
        .preTokenizer(RandomModels.preTokenizer())
        .type(GgufQuantization.F32)
        .to(file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().string("general.architecture")).hasValue(architecture);
    }
    assertThat(Files.readString(ModelSource.path(file).folder().resolve("config.json")))
        .contains("\"model_type\": \"" + readAs + "\"");
  }

  /** The base is stretched for a length that configurations do not state. */
  @Test
  void hunyuansBaseIsStretchedInTheFile() throws IOException {
    Path file = folder.resolve("model.gguf");
    GgufExport.of(RandomModels.write("hunyuan", folder.resolve("hunyuan")))
        .preTokenizer(RandomModels.preTokenizer())
        .to(file);
    try (GgufFile opened = GgufFile.open(file)) {
      assertThat(opened.metadata().number("hunyuan-dense.rope.freq_base").orElse(0))
          .isCloseTo(10_000 * Math.pow(50, 32 / 30.0), within(0.1));
      assertThat(opened.metadata().integer("hunyuan-dense.context_length")).hasValue(262_144);
    }
  }
}
