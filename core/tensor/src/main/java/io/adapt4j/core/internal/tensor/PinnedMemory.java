package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Host tensors in pinned memory, which a CUDA device can copy asynchronously: the system does not
 * move pinned pages.
 */
public final class PinnedMemory {

  private static final Logger LOG = LoggerFactory.getLogger(PinnedMemory.class);

  private static final Operator ZEROS = Operator.core("zeros_pinned");
  private static final Operator COPY_BACK = Operator.core("copy_back");
  private static final Operator SETTLE = Operator.core("settle");

  private PinnedMemory() {}

  /**
   * Creates zeros in host memory, pinned if the current engine is on a CUDA device that can pin
   * memory.
   */
  public static Tensor zeros(DType type, long... sizes) {
    if (Engine.current().isOnCuda()) {
      try {
        return ZEROS.tensor(sizes, type).typedAs(type);
      } catch (EngineException e) {
        LOG.warn("Memory cannot be pinned, so it is copied more slowly: {}", e.getMessage());
      }
    }
    return Tensor.zerosOnHost(type, sizes);
  }

  /** Copies tensors pairwise from a device to the host. */
  public static void copyBack(List<Tensor> targets, List<Tensor> sources) {
    COPY_BACK.run(sources, targets);
  }

  /** Waits for pending work on a CUDA device; does nothing for other devices. */
  public static void settle(Tensor tensor) {
    if (tensor.isOnCuda()) {
      SETTLE.run(tensor);
    }
  }
}
