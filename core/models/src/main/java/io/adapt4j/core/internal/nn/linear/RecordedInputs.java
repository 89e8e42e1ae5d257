package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;

/** A linear layer that keeps its inputs for the first tokens of some texts. */
public final class RecordedInputs implements WrappedLinear {

  private final Linear base;
  private final int most;
  private final List<float[]> recorded = new ArrayList<>();

  /** Wraps a layer, which the caller continues to own. */
  public RecordedInputs(Linear base, int most) {
    this.base = base;
    this.most = most;
  }

  /** Returns the inputs, row-major [N, in]. */
  public float[] recorded() {
    int in = Math.toIntExact(inFeatures());
    float[] all = new float[recorded.size() * in];
    for (int row = 0; row < recorded.size(); row++) {
      System.arraycopy(recorded.get(row), 0, all, row * in, in);
    }
    return all;
  }

  @Override
  public Linear base() {
    return base;
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    for (long row = 0; row < x.size(0) && recorded.size() < most; row++) {
      try (Tensor text = x.narrow(0, row, 1);
          Tensor token = text.narrow(1, 0, 1);
          Tensor copy = token.copyAs(DType.F32)) {
        recorded.add(copy.toFloats());
      }
    }
    return base.forward(ops, x);
  }
}
