package io.adapt4j.gguf.internal.write;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.WrappedLinear;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.gguf.internal.family.Families;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.layout.RowOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Records mean squares of the linear layers' inputs. */
public final class ActivationRecorder {

  private final Decoder decoder;
  private final List<Recorded> layers = new ArrayList<>();
  private long tokens;

  private ActivationRecorder(Decoder decoder) {
    this.decoder = decoder;
  }

  /** Installs permanent recorders on a model's linear layers. */
  public static ActivationRecorder on(Decoder decoder) {
    ActivationRecorder recorder = new ActivationRecorder(decoder);
    for (LinearSlot slot : decoder.linears()) {
      slot.replace(
          base -> {
            Recorded layer = new Recorded(base);
            recorder.layers.add(layer);
            return layer;
          });
    }
    return recorder;
  }

  /** Runs the model over a text. */
  public void run(int[] ids) {
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open(decoder.engine());
        Positions positions = decoder.positions(mask, 1, ids.length)) {
      Tensor input = Tensor.of(Arrays.stream(ids).asLongStream().toArray(), 1, ids.length);
      decoder.hidden(Ops.inference(), input, positions, false);
    }
    tokens += ids.length;
  }

  /** {@return the number of tokens run so far} */
  public long tokens() {
    return tokens;
  }

  /** {@return the mean square of each input, by the GGUF names of the layers' weights} */
  public Map<String, float[]> meanSquares() {
    GgufFamily family = Families.of(decoder.modelConfig());
    Map<String, float[]> means = new LinkedHashMap<>();
    for (Recorded layer : layers) {
      float[] mean = new float[layer.squares.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (layer.squares[i] / tokens);
      }
      for (Linear.Part part : layer.parts()) {
        family.toGguf(part.path() + ".weight", decoder.modelConfig()).stream()
            // Columns of a transposed matrix are no inputs of the layer.
            .filter(place -> !place.layout().turnsStack())
            // Experts stacked in one tensor share their statistics.
            .forEach(
                place ->
                    means.merge(
                        place.name(),
                        ordered(mean, place.layout().columns()),
                        ActivationRecorder::sum));
      }
    }
    return means;
  }

  private static float[] ordered(float[] mean, @Nullable RowOrder order) {
    if (order == null) {
      return mean;
    }
    float[] ordered = new float[mean.length];
    for (int i = 0; i < ordered.length; i++) {
      ordered[i] = mean[(int) order.storedRow(i, ordered.length)];
    }
    return ordered;
  }

  private static float[] sum(float[] first, float[] second) {
    float[] sum = first.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += second[i];
    }
    return sum;
  }

  /** A layer that accumulates its input's squares. */
  private static final class Recorded implements WrappedLinear {

    private final Linear base;
    private final double[] squares;

    Recorded(Linear base) {
      this.base = base;
      this.squares = new double[Math.toIntExact(base.inFeatures())];
    }

    @Override
    public Linear base() {
      return base;
    }

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      float[] values;
      try (Scope scope = Scope.open()) {
        values = x.copyAs(DType.F32).toHost().toFloats();
      }
      for (int i = 0; i < values.length; i++) {
        squares[i % squares.length] += (double) values[i] * values[i];
      }
      return base.forward(ops, x);
    }

    @Override
    public void close() {
      base.close();
    }
  }
}
