package io.adapt4j.gguf;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The weights of a network in quantization-aware training, rounded as a file will store them. A
 * linear layer with an adapter gets the weight Q(W + BA) - BA, so that layer and adapter together
 * compute with Q(W + BA) while gradients are those of W + BA.
 */
final class RoundedWeights implements AutoCloseable {

  private final List<Rounded> all = new ArrayList<>();

  /** A rounded weight, with a copy of its original values. */
  private record Rounded(LinearTermsSource adapters, Parameter weight, Tensor own, Types types) {}

  /** Source of the low-rank update currently added to a weight. */
  @FunctionalInterface
  private interface LinearTermsSource {
    void describe(LinearTerms terms);
  }

  /** Types that the rows of a weight are stored in. */
  private record Types(List<Slice> slices, List<TensorType> types) {}

  private RoundedWeights() {}

  static RoundedWeights of(Network network, Map<String, TensorType> types) {
    RoundedWeights weights = new RoundedWeights();
    Set<Parameter> seen = new HashSet<>();
    for (LinearSlot slot : network.linears()) {
      if (slot.linear().innermost() instanceof DenseLinear dense) {
        weights.add(terms -> describe(slot, terms), dense.weight(), types);
        seen.add(dense.weight());
      }
    }
    for (Parameter parameter : network.parameters()) {
      if (!seen.contains(parameter)) {
        weights.add(terms -> {}, parameter, types);
      }
    }
    return weights;
  }

  private static void describe(LinearSlot slot, LinearTerms terms) {
    if (!slot.linear().describe(terms)) {
      throw new IllegalArgumentException(
          "Weights cannot be rounded under an adapter that changes more than the weight: "
              + slot.parts().get(0).path());
    }
  }

  private void add(LinearTermsSource adapters, Parameter weight, Map<String, TensorType> types) {
    List<TensorType> own = new ArrayList<>();
    for (Slice slice : weight.slices()) {
      own.add(types.getOrDefault(slice.name(), TensorType.F32));
    }
    boolean matrix = weight.sizes().length == 2;
    if (matrix && !weight.isTrained() && own.stream().anyMatch(type -> type != TensorType.F32)) {
      Tensor copy = weight.value().copyAs(weight.value().type()).own();
      all.add(new Rounded(adapters, weight, copy, new Types(weight.slices(), own)));
    }
  }

  /** Rounds every weight with its adapter's current update. */
  void round() {
    for (Rounded rounded : all) {
      try (Scope scope = Scope.open()) {
        Sum sum = new Sum();
        rounded.adapters().describe(sum);
        Tensor whole = rounded.own().copyAs(DType.F32);
        for (Tensor added : sum.products) {
          whole = whole.plus(added);
        }
        Tensor values =
            Tensor.of(round(whole.toHost().toFloats(), rounded), rounded.weight().sizes());
        for (Tensor added : sum.products) {
          values = values.plus(added.scaled(-1));
        }
        rounded.weight().value().copyFrom(values);
        rounded.weight().changed();
      }
    }
  }

  /** Accumulates the products of an adapter's matrices. */
  private static final class Sum implements LinearTerms {

    private final List<Tensor> products = new ArrayList<>();

    @Override
    public void dense(Parameter weight, Parameter bias) {}

    @Override
    public void lowRank(AttachedAdapter adapter, boolean on, Tensor a, Tensor b) {
      if (on) {
        products.add(b.copyAs(DType.F32).times(a.copyAs(DType.F32)));
      }
    }
  }

  private static float[] round(float[] values, Rounded rounded) {
    int columns = Math.toIntExact(rounded.weight().sizes()[1]);
    for (int i = 0; i < rounded.types().slices().size(); i++) {
      Slice slice = rounded.types().slices().get(i);
      TensorType type = rounded.types().types().get(i);
      if (type != TensorType.F32) {
        IntStream.range((int) slice.start(), (int) (slice.start() + slice.rows()))
            .parallel()
            .forEach(row -> round(values, row * columns, columns, type));
      }
    }
    return values;
  }

  private static void round(float[] values, int offset, int count, TensorType type) {
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(count)).order(ByteOrder.LITTLE_ENDIAN);
    Quantizer quantizer = Quantizer.of(type);
    quantizer.quantize(values, offset, count, bytes);
    quantizer.dequantize(bytes.flip(), values, offset, count);
  }

  /** Restores the original values of every weight. */
  void restore() {
    for (Rounded rounded : all) {
      rounded.weight().value().copyFrom(rounded.own());
      rounded.weight().changed();
    }
  }

  @Override
  public void close() {
    for (Rounded rounded : all) {
      if (!rounded.own().isClosed()) {
        if (!rounded.weight().value().isClosed()) {
          rounded.weight().value().copyFrom(rounded.own());
          rounded.weight().changed();
        }
        rounded.own().close();
      }
    }
  }
}
