package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Shared memory in which the quantized layers of one model dequantize their weights one after the
 * other: as large as the largest of them, allocated on first use, freed with the last layer. A
 * model is meant for one thread at a time; several threads are serialized.
 */
public final class Workspace {

  private long elements;
  private int layers;
  private @Nullable Tensor memory;

  Workspace() {}

  /** Registers a layer; {@link #leave} unregisters it. */
  synchronized void join(long weights) {
    elements = Math.max(elements, weights);
    layers++;
  }

  /** Provides a matrix to fill and use; the use must not re-enter this workspace. */
  synchronized Tensor using(
      DType type, long rows, long columns, Consumer<Tensor> fill, Function<Tensor, Tensor> use) {
    Tensor all = memory(type);
    try (Tensor place = all.narrow(0, 0, rows * columns);
        Tensor matrix = place.viewed(rows, columns)) {
      fill.accept(matrix);
      return use.apply(matrix);
    }
  }

  private Tensor memory(DType type) {
    if (memory != null && memory.type() != type) {
      free();
    }
    Tensor all = memory == null ? Tensor.empty(type, elements).own() : memory;
    memory = all;
    return all;
  }

  synchronized void leave() {
    if (--layers == 0) {
      free();
    }
  }

  private void free() {
    if (memory != null) {
      memory.close();
      memory = null;
    }
  }
}
