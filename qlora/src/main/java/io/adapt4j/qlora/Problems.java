package io.adapt4j.qlora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import java.util.List;

/** Error messages about quantized checkpoints. */
final class Problems {

  static final String DAMAGED =
      "The checkpoint is damaged or was put together from two: save or download it again.";

  private Problems() {}

  static CheckpointException inTensor(
      TensorEntry entry, String expected, String found, String remedy) {
    return CheckpointException.inTensor(entry.file(), entry.name(), expected, found, remedy);
  }

  static CheckpointException inField(
      TensorEntry entry, String field, String expected, String found) {
    return new CheckpointException(
        "%s: tensor '%s': field '%s': expected %s, found %s. %s"
            .formatted(entry.file(), entry.name(), field, expected, found, DAMAGED));
  }

  /**
   * Returns the multi-dimensional index, such as [3, 17], of an element of the flattened tensor.
   */
  static String position(long index, List<Long> shape) {
    Long[] place = new Long[shape.size()];
    long rest = index;
    for (int i = place.length - 1; i >= 0; i--) {
      place[i] = rest % shape.get(i);
      rest /= shape.get(i);
    }
    return List.of(place).toString();
  }
}
