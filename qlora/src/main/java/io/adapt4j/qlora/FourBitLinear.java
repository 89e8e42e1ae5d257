package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.FourBitProduct;
import io.adapt4j.kernels.internal.KernelChoice;
import io.adapt4j.kernels.internal.packed.PackedLinear;
import io.adapt4j.kernels.internal.packed.Workspace;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer with a 4-bit weight, multiplied without dequantization for few rows if the kernels
 * are faster that way.
 */
final class FourBitLinear extends PackedLinear<FourBitPart> {

  private @Nullable FourBitProduct product;

  FourBitLinear(DenseLinear declared, Map<String, FourBitPart> packed, Workspace workspace) {
    super(declared, packed, workspace);
  }

  /** Returns the memory of the quantized weights in their compute form. */
  long heldBytes() {
    return packedParts().stream().mapToLong(part -> part.matrix().bytes()).sum();
  }

  @Override
  public void roundInputsInSteps() {
    packedParts().forEach(FourBitPart::roundInputs);
  }

  @Override
  public void read(Checkpoint checkpoint) {
    read(checkpoint, KernelChoice.kernels());
  }

  void read(Checkpoint checkpoint, FourBitKernels kernels) {
    closeProduct();
    packedParts().forEach(part -> part.read(checkpoint, kernels));
    product = kernels.product(packedParts().stream().map(FourBitPart::matrix).toList());
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    FourBitProduct kernel = product;
    if (kernel != null && !ops.isRecording() && multipliesFaster(x)) {
      return ops.customKernelLinear(x, outFeatures(), kernel::multiply, bias().orElse(null));
    }
    return super.forward(ops, x);
  }

  private boolean multipliesFaster(Tensor x) {
    long rows = x.count() / inFeatures();
    return isWhole()
        && x.type() != DType.F16
        && packedParts().stream().allMatch(part -> part.matrix().multipliesFaster(x.type(), rows));
  }

  @Override
  public void close() {
    closeProduct();
    super.close();
  }

  private void closeProduct() {
    if (product != null) {
      product.close();
      product = null;
    }
  }
}
