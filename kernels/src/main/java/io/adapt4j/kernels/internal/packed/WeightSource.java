package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.util.List;
import java.util.Map;

/** Where the weight of a projection comes from. */
public interface WeightSource {

  /** {@return the name in a checkpoint of plain weights} */
  String name();

  /** {@return the type of the weight before it is quantized} */
  StoredType original();

  /** {@return the tensors it is read from: dimensions by name} */
  Map<String, List<Long>> stored();
}
