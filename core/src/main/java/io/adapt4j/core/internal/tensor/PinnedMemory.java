package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tensors in host memory that a CUDA device copies from and to by itself, while the host goes on.
 * For that the pages are pinned: the system does not move them.
 */
public final class PinnedMemory {

  private static final Logger LOG = LoggerFactory.getLogger(PinnedMemory.class);

  private static final Operator ZEROS = Operator.core("zeros_pinned");
  private static final Operator COPY_BACK = Operator.core("copy_back");
  private static final Operator SETTLE = Operator.core("settle");

  private PinnedMemory() {}

  /**
   * Makes zeros in host memory, pinned where the current engine is on a CUDA device that has memory
   * to pin.
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

  /**
   * Copies tensors pairwise out of the memory of a device.
   *
   * @param targets overwritten; those in pinned memory may be read after {@link #settle}
   */
  public static void copyBack(List<Tensor> targets, List<Tensor> sources) {
    COPY_BACK.run(sources, targets);
  }

  /** Waits for all that was begun on a CUDA device; elsewhere there is nothing to wait for. */
  public static void settle(Tensor tensor) {
    if (tensor.isOnCuda()) {
      SETTLE.run(tensor);
    }
  }
}
