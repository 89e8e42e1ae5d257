package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Replaces layers of a declared network by quantized ones. */
public final class Installation {

  /** Source of quantized projections. */
  @FunctionalInterface
  public interface Parts<P extends PackedPart> {
    /** Returns the quantized weight of a projection; empty if it stays plain. */
    Optional<P> find(Linear.Part part, Slice weight, long in);
  }

  /** Creates a layer. */
  @FunctionalInterface
  public interface Layers<P extends PackedPart> {
    /** Creates a layer. */
    PackedLinear<P> make(DenseLinear declared, Map<String, P> packed, Workspace workspace);
  }

  private Installation() {}

  /** Puts layers into their places. */
  public static <P extends PackedPart> void install(
      List<LinearSlot> slots, Parts<P> parts, Layers<P> layers) {
    Workspace workspace = new Workspace();
    for (LinearSlot slot : slots) {
      if (slot.linear() instanceof DenseLinear dense) {
        Map<String, P> found = new HashMap<>();
        for (int i = 0; i < dense.parts().size(); i++) {
          Linear.Part part = dense.parts().get(i);
          parts
              .find(part, dense.weight().slices().get(i), dense.inFeatures())
              .ifPresent(packed -> found.put(part.path(), packed));
        }
        if (!found.isEmpty()) {
          slot.replace(plain -> layers.make(dense, found, workspace));
        }
      }
    }
  }
}
