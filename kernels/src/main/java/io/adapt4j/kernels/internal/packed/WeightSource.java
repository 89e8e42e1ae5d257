package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.util.List;
import java.util.Map;

/** Source of a projection's weight. */
public interface WeightSource {

  /** {@return the name in a checkpoint of plain weights} */
  String name();

  /** {@return the type of the weight before it is quantized} */
  StoredType original();

  /** {@return the dimensions of the tensors it is read from, by name} */
  Map<String, List<Long>> stored();
}
