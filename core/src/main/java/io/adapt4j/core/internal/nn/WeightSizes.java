package io.adapt4j.core.internal.nn;

import java.util.Optional;

/** Tells which weights of linear layers are held in fewer bits, and what each of them takes. */
@FunctionalInterface
public interface WeightSizes {

  /** Holds all weights in the compute type. */
  WeightSizes NONE = (part, in) -> Optional.empty();

  /** Looks at the weight of one projection. */
  Optional<QuantizedSize> of(Linear.Part part, long in);
}
