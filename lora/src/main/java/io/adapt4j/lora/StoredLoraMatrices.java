package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * The A and B matrices of one module in an adapter file, in fp32.
 *
 * @param a [rank, in]
 * @param b [out, rank]
 */
record StoredLoraMatrices(Tensor a, Tensor b, double scale) {

  int rank() {
    return Math.toIntExact(a.size(0));
  }

  /** Reads all matrices of a folder, by module path; the tensors belong to the open scope. */
  static Map<String, StoredLoraMatrices> read(Path folder, AdapterConfig config) {
    Map<String, StoredLoraMatrices> factors = new LinkedHashMap<>();
    try (Checkpoint file =
        LoraFolder.openWeights(folder, config, (parameter, columns, rows) -> false)) {
      for (String name : new TreeSet<>(file.names())) {
        PeftNames.moduleOfA(name)
            .ifPresent(
                path ->
                    factors.put(
                        path,
                        new StoredLoraMatrices(
                            matrix(file, name),
                            matrix(file, PeftNames.b(path)),
                            config.scaleOf(path))));
      }
    }
    if (factors.isEmpty()) {
      throw new CheckpointException(folder + ": found no LoRA factors; give an adapter's folder");
    }
    return factors;
  }

  private static Tensor matrix(Checkpoint file, String name) {
    long[] sizes = file.entry(name).shape().stream().mapToLong(Long::longValue).toArray();
    Tensor values = Tensor.empty(DType.F32, sizes);
    Weights.fill(values, file, name);
    return values;
  }
}
