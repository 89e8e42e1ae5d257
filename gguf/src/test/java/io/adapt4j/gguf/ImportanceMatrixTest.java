package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportanceMatrixTest {

  private static final String UP = "blk.0.ffn_up.weight";

  private final Path model = GoldenFolders.of("llama_k");

  private final ImportanceMatrix matrix =
      ImportanceMatrix.measure(
          ModelSource.path(model),
          Datasets.of(
              List.of(
                  new Example.Text("Once upon a time there was a little dog."),
                  new Example.Text("She ran to the park."))));

  @TempDir private Path folder;

  @Test
  void hasAnEntryForEveryInputOfEveryLinearLayer() {
    assertThat(matrix.tokens()).isGreaterThan(10);
    assertThat(matrix.columns().keySet())
        .containsExactlyInAnyOrder(
            "blk.0.attn_q.weight",
            "blk.0.attn_k.weight",
            "blk.0.attn_v.weight",
            "blk.0.attn_output.weight",
            "blk.0.ffn_gate.weight",
            UP,
            "blk.0.ffn_down.weight");
    assertThat(matrix.columns().get(UP)).hasSize(256);
    for (float value : matrix.columns().get(UP)) {
      assertThat(value).isPositive();
    }
  }

  @Test
  void lowersTheErrorThatMatters() {
    double without = weightedError(Map.of());
    double with = weightedError(matrix.columns());
    assertThat(with).isLessThan(0.97 * without);
  }

  /** As llama.cpp's quantizer, whose files of this type have the same bytes. */
  @Test
  void theSmallMixtureOfTwoBitsNeedsOne() {
    GgufExport export = GgufExport.of(model).type(GgufQuantization.Q2_K_S);
    Path file = folder.resolve("model.gguf");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> export.to(file))
        .withMessage(
            "type: expected an importance matrix for Q2_K_S, without which llama.cpp's quantizer"
                + " refuses it; measure one (ImportanceMatrix.measure), or use Q2_K");
    assertThat(export.importance(matrix).to(file).types())
        .containsEntry(TensorType.Q2_K, 7)
        .containsEntry(TensorType.Q6_K, 1);
  }

  /** The squared error of a matrix in 4 bits, weighted by the columns' importance. */
  private double weightedError(Map<String, float[]> importance) {
    Path file = folder.resolve("model.gguf");
    GgufExport export = GgufExport.of(model).type(GgufQuantization.Q4_K_M);
    if (!importance.isEmpty()) {
      export.importance(matrix);
    }
    export.to(file);
    float[] stored = new float[256 * 256];
    try (GgufFile gguf = GgufFile.open(file)) {
      GgufTensor tensor = gguf.tensor(UP);
      ByteBuffer bytes = ByteBuffer.allocate((int) tensor.bytes());
      gguf.read(tensor, 0, bytes);
      Quantizer.of(tensor.type()).dequantize(bytes.flip(), stored, 0, stored.length);
    }
    double error = 0;
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      ByteBuffer bytes = checkpoint.bytes("model.layers.0.mlp.up_proj.weight");
      for (int i = 0; i < stored.length; i++) {
        float wanted = Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
        double off = wanted - stored[i];
        error += off * off * matrix.columns().get(UP)[i % 256];
      }
    }
    return error;
  }
}
