package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Kernels that run a whole decoding step of a model in one native call. They are optional: {@link
 * ServiceLoader} finds them if a module provides them; without them, steps run operator by
 * operator.
 */
public interface StepKernels {

  Optional<DecoderSteps> prepare(
      Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters);

  static Optional<DecoderSteps> prepared(
      Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters) {
    return Installed.KERNELS.flatMap(
        kernels -> kernels.prepare(decoder, rows, maxTokens, adapters));
  }

  static Optional<DecoderSteps> prepared(Decoder decoder, KvCache cache, int maxTokens) {
    int rows = cache.rows();
    Optional<DecoderSteps> steps = prepared(decoder, rows, maxTokens, List.of());
    steps.ifPresent(
        found -> {
          for (int row = 0; row < rows; row++) {
            found.place(row, cache, row);
          }
        });
    return steps;
  }

  /** Holder of this process's kernels, loaded once. */
  final class Installed {
    private static final Optional<StepKernels> KERNELS =
        ServiceLoader.load(StepKernels.class, StepKernels.class.getClassLoader()).findFirst();

    private Installed() {}
  }
}
