package io.adapt4j.core.internal.nn.memory;

import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.picture.PictureEncoder;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.MemoryMeter;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Tape;
import java.util.List;

/** Memory of the pictures of a training batch, measured by encoding them on shapes. */
public final class PictureMemory {

  private PictureMemory() {}

  /**
   * Measures the peak, in bytes, without the weights.
   *
   * @param encoder declared, without weights; closed
   * @param firstSlot number of the encoder's first linear layer among those of the network
   */
  public static long of(
      PictureEncoder encoder,
      int[] firstIds,
      TrainableSummary trainable,
      int firstSlot,
      DType type) {
    MemoryMeter meter = new MemoryMeter();
    try (Scope scope = Scope.open(meter.engine());
        encoder) {
      encoder.parameters().forEach(parameter -> parameter.allocate(type));
      encoder.parameters().forEach(parameter -> parameter.trainOnly(trainable.trained()));
      List<LinearSlot> slots = encoder.linears();
      for (int i = 0; i < slots.size(); i++) {
        int slot = firstSlot + i;
        slots.get(i).replace(linear -> trainable.adapted(linear, slot, type));
      }
      long before = meter.bytes();
      meter.restart();
      try (Scope inside = Scope.open();
          Tape tape = new Tape()) {
        encoder.encode(Ops.recording(tape, 1), firstIds);
        return meter.peak() - before;
      }
    }
  }
}
