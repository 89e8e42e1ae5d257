package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The memory that the packed layers of one model restore their weights in, one after the other: as
 * large as the largest of them, made when it is first needed, freed with the last layer. A model is
 * used by one thread at a time; should several use it, they take turns.
 */
public final class Workspace {

  private long elements;
  private int layers;
  private @Nullable Tensor memory;

  Workspace() {}

  /** Takes part from now on; {@link #leave} ends it. */
  synchronized void join(long weights) {
    elements = Math.max(elements, weights);
    layers++;
  }

  /** Lets a matrix be filled and used; the use must not come back to this workspace. */
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
