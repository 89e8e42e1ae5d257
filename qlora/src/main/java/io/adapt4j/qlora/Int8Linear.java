package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.kernels.internal.packed.PackedLinear;
import io.adapt4j.kernels.internal.packed.Workspace;
import java.util.Map;

/** A linear layer with an 8-bit weight. */
final class Int8Linear extends PackedLinear<Int8Part> {

  Int8Linear(DenseLinear declared, Map<String, Int8Part> packed, Workspace workspace) {
    super(declared, packed, workspace);
  }

  @Override
  public void read(Checkpoint checkpoint) {
    packedParts().forEach(part -> part.read(checkpoint));
  }
}
