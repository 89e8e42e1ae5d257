package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.FourBitMatrix;
import io.adapt4j.kernels.internal.KernelChoice;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.QuantizedTerms;
import io.adapt4j.kernels.internal.packed.PackedPart;
import io.adapt4j.kernels.internal.packed.WeightSource;
import org.jspecify.annotations.Nullable;

/** The 4-bit weight of one projection: its codes, and the matrix that computes with them. */
final class FourBitPart extends PackedPart {

  private final FourBitWeightSource source;
  private boolean roundsInputs;
  private @Nullable Tensor codes;
  private @Nullable FourBitMatrix matrix;

  FourBitPart(Linear.Part part, long in, FourBitWeightSource source) {
    super(part, in);
    this.source = source;
  }

  @Override
  public WeightSource source() {
    return source;
  }

  @Override
  public QuantizedSize bytes() {
    return roundsInputs && KernelChoice.kernels().rearranges(source.format(), in())
        ? FourBitSizes.rearranged(part().width(), in())
        : FourBitSizes.of(source.format(), count());
  }

  /** Prepares the weight, once read, for steps that round inputs to 8 bits. */
  void roundInputs() {
    roundsInputs = true;
  }

  void read(Checkpoint checkpoint, FourBitKernels kernels) {
    close();
    codes = Tensor.emptyOnHost(DType.U8, QuantizedTensor.packedBytes(count())).own();
    QuantizedTensor read = source.read(checkpoint, codes, kernels);
    matrix = roundsInputs ? kernels.matrixForInt8Inputs(read) : kernels.matrix(read);
    if (matrix.holdsCodes()) {
      closeCodes();
    }
  }

  /** Returns the matrix that computes with the weight. */
  FourBitMatrix matrix() {
    if (matrix == null) {
      throw withoutWeights();
    }
    return matrix;
  }

  @Override
  public void dequantize(Tensor target) {
    matrix().dequantize(target);
  }

  @Override
  public boolean describe(QuantizedTerms terms, @Nullable Parameter bias) {
    return terms.add(matrix(), part().start(), bias);
  }

  @Override
  public void close() {
    if (matrix != null) {
      matrix.close();
      matrix = null;
    }
    closeCodes();
  }

  private void closeCodes() {
    if (codes != null) {
      codes.close();
      codes = null;
    }
  }
}
