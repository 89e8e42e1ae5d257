package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.util.List;
import java.util.Map;

/** Where the weight of a projection comes from. */
interface WeightSource {

  /** The name in a checkpoint of plain weights. */
  String name();

  /** The type of the weight before it is quantized. */
  StoredType original();

  /** The tensors it is read from: dimensions by name. */
  Map<String, List<Long>> stored();
}
