package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.model.Precision;

/** Choice of the compute type of a model without a text network. */
public final class ComputeType {

  private ComputeType() {}

  /** Returns the type that a precision selects for a checkpoint. */
  public static DType of(Precision precision, Checkpoint checkpoint) {
    return switch (precision) {
      case FP32 -> DType.F32;
      case BF16 -> DType.BF16;
      case FP16 -> DType.F16;
      case AUTO ->
          isStoredAsBf16(checkpoint) && Engine.current().multipliesBf16() ? DType.BF16 : DType.F32;
    };
  }

  /** Numbers of one value, such as a scale, may be stored in another type. */
  private static boolean isStoredAsBf16(Checkpoint checkpoint) {
    return checkpoint.names().stream()
        .map(checkpoint::entry)
        .filter(entry -> entry.elements() > 1 && entry.type() != StoredType.I64)
        .allMatch(entry -> entry.type() == StoredType.BF16);
  }
}
