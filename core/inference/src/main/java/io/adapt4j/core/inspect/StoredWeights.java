package io.adapt4j.core.inspect;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The weights of a checkpoint, as described by the headers of its files.
 *
 * @param bytesByType bytes of all tensors by data type, such as {@code BF16}; types without any are
 *     left out
 */
record StoredWeights(long parameters, int tensors, Map<String, Long> bytesByType) {

  /** Copies the map. */
  public StoredWeights {
    bytesByType = Collections.unmodifiableMap(new LinkedHashMap<>(bytesByType));
  }

  static StoredWeights of(Checkpoint checkpoint, OptionalInt packedBits) {
    Map<String, Long> quantized = new TreeMap<>();
    Map<StoredType, Long> bytes = new EnumMap<>(StoredType.class);
    for (String name : checkpoint.names()) {
      TensorEntry entry = checkpoint.entry(name);
      String type = checkpoint.storedType(name);
      if (type.equals(entry.type().name())) {
        bytes.merge(entry.type(), entry.length(), Long::sum);
      } else {
        quantized.merge(type, checkpoint.storedBytes(name), Long::sum);
      }
    }
    Map<String, Long> byName = new LinkedHashMap<>(quantized);
    bytes.forEach((type, count) -> byName.put(type.name(), count));
    return new StoredWeights(
        ParameterCount.of(checkpoint, packedBits), checkpoint.names().size(), byName);
  }

  /**
   * Returns the size of all tensors.
   *
   * @return bytes, without headers
   */
  public long bytes() {
    return bytesByType.values().stream().mapToLong(Long::longValue).sum();
  }
}
