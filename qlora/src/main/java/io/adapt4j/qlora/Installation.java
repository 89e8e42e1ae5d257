package io.adapt4j.qlora;

import io.adapt4j.core.internal.nn.DenseLinear;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.tensor.Parameter.Slice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Puts 4-bit layers into the places of a declared network. */
final class Installation {

  /** Finds where the 4-bit weight of a projection comes from; empty where it stays plain. */
  @FunctionalInterface
  interface Sources {
    Optional<WeightSource> find(Linear.Part part, Slice weight, long in);
  }

  private Installation() {}

  static void install(List<LinearSlot> slots, Sources sources) {
    Workspace workspace = new Workspace();
    for (LinearSlot slot : slots) {
      if (slot.linear() instanceof DenseLinear dense) {
        Map<String, WeightSource> found = new HashMap<>();
        for (int i = 0; i < dense.parts().size(); i++) {
          Linear.Part part = dense.parts().get(i);
          sources
              .find(part, dense.weight().slices().get(i), dense.inFeatures())
              .ifPresent(source -> found.put(part.path(), source));
        }
        if (!found.isEmpty()) {
          slot.replace(plain -> new FourBitLinear(dense, found, workspace));
        }
      }
    }
  }
}
