package io.adapt4j.qlora;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Rounds what a layer takes to 8 bits, in blocks of 32, as the steps do. */
record RoundedTokens(Linear linear) implements Linear {

  private static final int BLOCK = 32;

  /** Rounds before all layers of a network whose weights are in 8 bits. */
  static void install(Network network) {
    for (LinearSlot slot : network.linears()) {
      if (slot.linear() instanceof Int8Linear) {
        slot.replace(RoundedTokens::new);
      }
    }
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    float[] values = x.toFloats();
    int width = Math.toIntExact(inFeatures());
    for (int row = 0; row < values.length; row += width) {
      for (int block = 0; block < width; block += BLOCK) {
        round(values, row + block, row + Math.min(block + BLOCK, width));
      }
    }
    return linear.forward(ops, Tensor.of(values, x.sizes()));
  }

  private static void round(float[] values, int from, int to) {
    float most = 0;
    for (int i = from; i < to; i++) {
      most = Math.max(most, Math.abs(values[i]));
    }
    float inverse = most == 0 ? 0 : 127 / most;
    for (int i = from; i < to; i++) {
      values[i] = (float) Math.rint(values[i] * inverse) * (most / 127);
    }
  }

  @Override
  public List<Part> parts() {
    return linear.parts();
  }

  @Override
  public long inFeatures() {
    return linear.inFeatures();
  }

  @Override
  public long outFeatures() {
    return linear.outFeatures();
  }

  @Override
  public List<Parameter> parameters() {
    return linear.parameters();
  }

  @Override
  public Linear innermost() {
    return linear;
  }

  @Override
  public void close() {
    linear.close();
  }
}
