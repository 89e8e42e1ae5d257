package io.adapt4j.core.internal.nn;

import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Kernels that run a whole decoding step of a model in one native call, where a module with them is
 * present. Without them steps are run operator by operator. Found by {@link ServiceLoader}.
 */
public interface StepKernels {

  /**
   * Prepares steps.
   *
   * @param decoder the model; its weights and adapters must stay as they are until the result is
   *     closed
   * @param rows how many sequences have a place at the same time
   * @param maxTokens most tokens of a step
   * @param adapters low-rank ones on the model that tokens can name, by their index
   * @return what runs the steps, still without caches; empty where the model has a part that these
   *     kernels lack, or the machine is none of theirs
   */
  Optional<DecoderSteps> prepare(
      Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters);

  /**
   * Prepares steps with the kernels that are present.
   *
   * @param decoder as above
   * @param rows as above
   * @param maxTokens as above
   * @param adapters as above
   * @return what runs the steps; empty where they are run operator by operator
   */
  static Optional<DecoderSteps> prepared(
      Decoder decoder, int rows, int maxTokens, List<AttachedAdapter> adapters) {
    return Installed.KERNELS.flatMap(
        kernels -> kernels.prepare(decoder, rows, maxTokens, adapters));
  }

  /**
   * Prepares the steps of one batch.
   *
   * @param decoder as above
   * @param cache keys and values of its rows, which the steps read and write
   * @param maxTokens as above
   * @return what runs the steps; empty where they are run operator by operator
   */
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

  /** The kernels of this process, looked for once. */
  final class Installed {
    private static final Optional<StepKernels> KERNELS =
        ServiceLoader.load(StepKernels.class, StepKernels.class.getClassLoader()).findFirst();

    private Installed() {}
  }
}
