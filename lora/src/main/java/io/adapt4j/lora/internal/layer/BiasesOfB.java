package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.LowRank;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The biases of all B matrices of one layer, scaled as the products are. Computed as a low-rank
 * update of rank 1 with input 1.
 */
final class BiasesOfB implements AutoCloseable {

  /** Biases of each part, [width, 1]. */
  private final List<Parameter> values = new ArrayList<>();

  private final LowRank.Layout layout;
  private final DType type;

  /** Ones in place of A, [parts, 1]. */
  private final Tensor ones;

  private final Tensor packed;

  BiasesOfB(List<AdaptedPart> adapted, long out, DType type) {
    this.type = type;
    this.layout =
        new LowRank.Layout(
            adapted.stream().mapToLong(part -> part.part().start()).toArray(),
            adapted.stream().mapToDouble(AdaptedPart::scale).toArray());
    for (AdaptedPart part : adapted) {
      values.add(Parameter.of(PeftNames.biasOfB(part.part().path()), part.part().width(), 1));
    }
    values.forEach(value -> value.allocate(DType.F32));
    TensorLists.zero(values.stream().map(Parameter::value).toList());
    ones = ones(type, adapted.size(), 1).own();
    packed = Tensor.zeros(type, out, adapted.size()).own();
  }

  private static Tensor ones(DType type, long... sizes) {
    float[] values = new float[Math.toIntExact(Arrays.stream(sizes).reduce(1, (a, b) -> a * b))];
    Arrays.fill(values, 1);
    try (Tensor single = Tensor.of(values, sizes)) {
      return single.copyAs(type);
    }
  }

  List<Parameter> parameters() {
    return values;
  }

  void train() {
    values.forEach(Parameter::train);
  }

  Trainable trained(int index) {
    return values.get(index).trained().get(0);
  }

  /** Returns a view of the fp32 bias of one part, [width]. */
  Tensor value(int index) {
    Tensor value = values.get(index).value();
    return value.viewed(value.count());
  }

  void refresh() {
    LowRank.pack(packed, values.stream().map(Parameter::value).toList(), layout);
  }

  /** Adds the scaled biases to the output of the layer, in place. */
  Tensor add(Ops ops, Tensor y) {
    long[] sizes = y.sizes().clone();
    sizes[sizes.length - 1] = 1;
    return LowRank.add(ops, y, ones(type, sizes), ones, packed, this::accumulate);
  }

  private void accumulate(Tensor da, Tensor db) {
    if (values.get(0).isTrained()) {
      try (Tensor unused = Tensor.zeros(DType.F32, ones.sizes())) {
        List<Tensor> gradients = values.stream().map(Parameter::gradient).toList();
        LowRank.accumulate(da, db, unused, gradients, layout);
      }
    }
  }

  /** Adds the scaled biases to the bias of the base layer [out]. */
  void mergeInto(Tensor bias) {
    for (int i = 0; i < values.size(); i++) {
      try (Tensor own = values.get(i).value().scaled(layout.scales()[i]);
          Tensor flat = own.viewed(own.count());
          Tensor rows = bias.narrow(0, layout.starts()[i], own.count());
          Tensor before = rows.copyAs(DType.F32);
          Tensor sum = before.plus(flat)) {
        rows.copyFrom(sum);
      }
    }
  }

  @Override
  public void close() {
    values.forEach(Parameter::close);
    ones.close();
    packed.close();
  }
}
