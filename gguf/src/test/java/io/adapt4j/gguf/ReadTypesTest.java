package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.GgufWriter;
import io.adapt4j.gguf.format.QuantizedSource;
import io.adapt4j.gguf.format.TensorSource;
import io.adapt4j.gguf.format.TensorType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files of types that are read and not written. */
class ReadTypesTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.MATCH_ANY,
      names = {"IQ[123].*|TQ.*|Q[12]_0|NVFP4"})
  void aFileComputesAsItsDequantizedValues(TensorType type) {
    assertComputesAsDequantized(List.of(type));
  }

  @Test
  void aFileMayMixAllTypes() {
    assertComputesAsDequantized(
        List.of(
            TensorType.IQ1_M,
            TensorType.IQ2_XXS,
            TensorType.IQ2_S,
            TensorType.IQ3_XXS,
            TensorType.IQ3_S,
            TensorType.TQ1_0,
            TensorType.NVFP4));
  }

  private void assertComputesAsDequantized(List<TensorType> types) {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
    Path plain = folder.resolve("plain.gguf");
    Path blocks = folder.resolve("blocks.gguf");
    Path values = folder.resolve("values.gguf");
    GgufExport.of(TestModels.random(folder.resolve("random"))).type(GgufQuantization.F32).to(plain);
    try (GgufFile file = GgufFile.open(plain)) {
      List<TensorSource> quantized = new ArrayList<>();
      List<TensorSource> dequantized = new ArrayList<>();
      for (GgufTensor tensor : file.tensors().values()) {
        TensorSource copy = new CopiedTensor(file, tensor);
        if (!tensor.name().startsWith("blk.") || tensor.shape().size() != 2) {
          quantized.add(copy);
          dequantized.add(copy);
          continue;
        }
        TensorType type = types.get(quantized.size() % types.size());
        RandomBlocks random = new RandomBlocks(tensor.name(), tensor.shape(), type);
        quantized.add(random);
        float[] all = random.values();
        dequantized.add(
            QuantizedSource.of(
                tensor.name(),
                tensor.shape(),
                TensorType.F32,
                (first, target, count) -> System.arraycopy(all, (int) first, target, 0, count)));
      }
      GgufWriter.write(blocks, file.metadata(), quantized);
      GgufWriter.write(values, file.metadata(), dequantized);
    }
    try (Decoder found = TestModels.load(ModelSource.path(blocks).folder());
        Decoder expected = TestModels.load(ModelSource.path(values).folder())) {
      float[] logits = TestModels.logits(found, 20);
      // Products with blocks are added up in another order.
      assertThat(logits).containsExactly(TestModels.logits(expected, 20), within(2e-5f));
      assertThat(logits).doesNotContain(Float.NaN);
    }
  }
}
