package io.adapt4j.core.internal.nn;

import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Kernels that run a whole decoding step of a model in one native call, where a module with them is
 * present. Without them steps are run operator by operator. Found by {@link ServiceLoader}.
 */
public interface StepKernels {

  /**
   * Prepares the steps of one generation.
   *
   * @param decoder the model; its weights and adapters must stay as they are until the result is
   *     closed
   * @param cache keys and values, which the steps read and write
   * @param maxTokens most tokens of a step
   * @return what runs the steps; empty where the model has a part that these kernels lack, or the
   *     machine is none of theirs
   */
  Optional<DecoderSteps> prepare(Decoder decoder, KvCache cache, int maxTokens);

  /**
   * Prepares steps with the kernels that are present.
   *
   * @param decoder as above
   * @param cache as above
   * @param maxTokens as above
   * @return what runs the steps; empty where they are run operator by operator
   */
  static Optional<DecoderSteps> prepared(Decoder decoder, KvCache cache, int maxTokens) {
    return Installed.KERNELS.flatMap(kernels -> kernels.prepare(decoder, cache, maxTokens));
  }

  /** The kernels of this process, looked for once. */
  final class Installed {
    private static final Optional<StepKernels> KERNELS =
        ServiceLoader.load(StepKernels.class, StepKernels.class.getClassLoader()).findFirst();

    private Installed() {}
  }
}
