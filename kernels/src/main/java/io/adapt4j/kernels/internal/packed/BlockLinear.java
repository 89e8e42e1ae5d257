package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.Map;

/** A linear layer with a block-quantized weight, multiplied without dequantization for few rows. */
public final class BlockLinear extends PackedLinear<BlockPart> {

  /** Replaces a declared layer without memory. */
  public BlockLinear(DenseLinear declared, Map<String, BlockPart> packed, Workspace workspace) {
    super(declared, packed, workspace);
  }

  @Override
  public void read(Checkpoint checkpoint) {
    packedParts().forEach(part -> part.read(checkpoint));
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    if (!ops.isRecording() && multipliesFaster(x)) {
      return ops.customKernelLinear(x, outFeatures(), this::multiply, bias().orElse(null));
    }
    return super.forward(ops, x);
  }

  private boolean multipliesFaster(Tensor x) {
    long rows = x.count() / inFeatures();
    return isWhole()
        && x.isOnHost()
        && x.type() != DType.F16
        && packedParts().stream().allMatch(part -> part.matrix().multipliesFaster(rows));
  }

  private void multiply(Tensor x, Tensor y) {
    packedParts()
        .forEach(part -> part.matrix().multiply(x, y, Math.toIntExact(part.part().start())));
  }
}
