package io.adapt4j.core.internal.nn.head;

import io.adapt4j.core.internal.nn.attention.Attention;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.RecordedInputs;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Query projection of an encoder's last layer, where a classifier reads the first token alone. With
 * queries of 0 attention is uniform, and the first token receives the mean of all tokens' values.
 */
public final class LastQueries {

  /** Inputs that are recorded: a few times as many as the rank of an update. */
  private static final int MOST_INPUTS = 512;

  private final LinearSlot slot;
  private final List<Parameter> parameters;
  private final long rows;

  private LastQueries(LinearSlot slot, List<Parameter> parameters, long rows) {
    this.slot = slot;
    this.parameters = parameters;
    this.rows = rows;
  }

  /**
   * Finds the queries of a network.
   *
   * @return empty where more than the first token is read, or where queries of 0 do not make
   *     attention uniform over the whole text
   */
  public static Optional<LastQueries> of(Layer last, ClassificationHead head) {
    if (head.pooling().filter(Pooling.FIRST::equals).isEmpty()
        || !(last instanceof PostNormLayer || last instanceof SequentialLayer)
        || !(last.mixer() instanceof Attention attention)
        || !(attention.qkv().linear() instanceof DenseLinear dense)) {
      return Optional.empty();
    }
    boolean plain =
        attention.norm() == null
            && attention.sinks() == null
            && !attention.heads().interleaved()
            && attention.rule().window() == 0
            && !attention.rule().causal();
    if (!plain) {
      return Optional.empty();
    }
    List<Parameter> parameters = new ArrayList<>(List.of(dense.weight()));
    dense.bias().ifPresent(parameters::add);
    return Optional.of(
        new LastQueries(attention.qkv(), parameters, attention.heads().queryWidth()));
  }

  public String path() {
    return slot.parts().get(0).path();
  }

  /**
   * Records the projection's inputs for the first tokens while something runs.
   *
   * @return row-major [N, in], for the first texts
   */
  public float[] inputs(Runnable pass) {
    RecordedInputs recorded = new RecordedInputs(slot.linear(), MOST_INPUTS);
    Linear stored = slot.linear();
    slot.replace(linear -> recorded);
    try {
      pass.run();
    } finally {
      slot.replace(linear -> stored);
    }
    return recorded.recorded();
  }

  /**
   * Makes attention about uniform by the update that has been attached to the projection.
   *
   * @param inputs row-major [N, in]
   */
  public void cancel(float[] inputs) {
    long in = slot.linear().inFeatures();
    try (Tensor all = Tensor.of(inputs, inputs.length / in, in)) {
      if (!slot.linear().cancelOutputs(rows, all)) {
        throw new IllegalStateException("no update to initialize on " + path());
      }
    }
  }

  /** Returns the names of the tensors in a checkpoint. */
  public List<String> names() {
    return parameters.stream()
        .flatMap(parameter -> parameter.slices().stream())
        .filter(slice -> slice.start() < rows)
        .map(Parameter.Slice::name)
        .toList();
  }

  /** Returns a copy of the values: one tensor a parameter, closed by the caller. */
  public List<Tensor> copy() {
    List<Tensor> copies = new ArrayList<>();
    for (Parameter parameter : parameters) {
      try (Tensor part = of(parameter)) {
        copies.add(part.copyAs(part.type()).own());
      }
    }
    return copies;
  }

  /** Sets the values to those of a copy. */
  public void set(List<Tensor> values) {
    for (int i = 0; i < values.size(); i++) {
      try (Tensor part = of(parameters.get(i))) {
        part.copyFrom(values.get(i));
      }
      parameters.get(i).changed();
    }
  }

  /** Makes attention uniform. */
  public void clear() {
    for (Parameter parameter : parameters) {
      try (Tensor part = of(parameter);
          Tensor zeros = Tensor.zeros(part.type(), part.sizes())) {
        part.copyFrom(zeros);
      }
      parameter.changed();
    }
  }

  private Tensor of(Parameter parameter) {
    return parameter.value().narrow(0, 0, rows);
  }
}
