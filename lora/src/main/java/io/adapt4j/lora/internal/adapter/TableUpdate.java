package io.adapt4j.lora.internal.adapter;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Slice;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.LowRank;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TableTarget} attached to a model. The weight itself holds the sum while the update is
 * on; gradients of the matrices are derived from the weight's.
 */
public final class TableUpdate implements AutoCloseable {

  private final TableTarget target;
  private final Parameter weight;
  private final Slice slice;

  /** A and B, or only the rows of tokens. */
  private final List<Parameter> values = new ArrayList<>();

  /** The weight without the update, while it is on. */
  private final Tensor before;

  private boolean on = true;
  private boolean trains;

  public TableUpdate(TableTarget target, Network network) {
    this.target = target;
    Parameter found = null;
    Slice own = null;
    for (Parameter parameter : network.parameters()) {
      for (Slice candidate : parameter.slices()) {
        if (candidate.name().equals(target.tensor())) {
          found = parameter;
          own = candidate;
        }
      }
    }
    if (found == null || own == null) {
      throw new IllegalStateException("The model has no " + target.tensor());
    }
    this.weight = found;
    this.slice = own;
    try (Scope scope = Scope.open(network.engine());
        Tensor rows = rows(weight.value())) {
      before = rows.copyAs(rows.type()).own();
      target
          .tensors()
          .forEach((name, shape) -> values.add(Parameter.of(name, shape.get(0), shape.get(1))));
      values.forEach(value -> value.allocate(DType.F32));
      TensorLists.zero(values.stream().map(Parameter::value).toList());
      if (target.kind() == TableTarget.Kind.TOKENS) {
        copyTokens(rows, values.get(0).value());
      }
    }
  }

  public TableTarget target() {
    return target;
  }

  private Tensor rows(Tensor all) {
    return all.narrow(0, slice.start(), slice.rows());
  }

  /** Returns A, or the rows of tokens. */
  public Parameter first() {
    return values.get(0);
  }

  /** Returns B. */
  public Parameter second() {
    return values.get(1);
  }

  /** Initializes the matrices, one of which is zero. */
  public void initialize(long seed) {
    SplittableRandom random = new SplittableRandom(seed + target.tensor().hashCode());
    if (target.kind() == TableTarget.Kind.EMBEDDING) {
      fill(second().value(), random, 1, true);
    } else if (target.kind() == TableTarget.Kind.LINEAR) {
      fill(first().value(), random, 1 / Math.sqrt((double) target.width()), false);
    }
  }

  private static void fill(Tensor value, SplittableRandom random, double scale, boolean normal) {
    float[] drawn = new float[Math.toIntExact(value.count())];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = (float) (scale * (normal ? random.nextGaussian() : 2 * random.nextDouble() - 1));
    }
    try (Tensor source = Tensor.of(drawn, value.sizes())) {
      value.copyFrom(source);
    }
  }

  public void train() {
    trains = true;
    weight.trainOnly(Set.of(slice.name()));
    values.forEach(Parameter::train);
  }

  public List<Trainable> trained() {
    return values.stream().flatMap(value -> value.trained().stream()).toList();
  }

  /** Computes the gradients of the matrices from the weight's. */
  public void collectGradients() {
    try (Scope scope = Scope.open();
        Tensor gradient = rows(weight.gradient())) {
      switch (target.kind()) {
        case TOKENS -> {
          Tensor own = Tensor.zeros(DType.F32, first().sizes());
          copyTokens(gradient, own);
          add(first(), own);
        }
        case EMBEDDING -> {
          add(first(), gradient.times(second().value()).transposed().scaled(target.scale()));
          add(second(), first().value().times(gradient).transposed().scaled(target.scale()));
        }
        case LINEAR -> {
          add(first(), second().value().transposed().times(gradient).scaled(target.scale()));
          add(second(), gradient.times(first().value().transposed()).scaled(target.scale()));
        }
      }
      TensorLists.zero(List.of(gradient));
    }
  }

  private static void add(Parameter to, Tensor gradient) {
    TensorLists.add(List.of(to.gradient()), List.of(gradient));
  }

  /** Updates the weight after the matrices changed. */
  public void refresh() {
    if (on) {
      write();
    }
  }

  private void write() {
    try (Scope scope = Scope.open();
        Tensor rows = rows(weight.value())) {
      rows.copyFrom(before);
      switch (target.kind()) {
        case TOKENS -> putTokens(first().value(), rows);
        case EMBEDDING ->
            LowRank.merge(
                rows, second().value().transposed(), first().value().transposed(), target.scale());
        case LINEAR -> LowRank.merge(rows, first().value(), second().value(), target.scale());
      }
    }
    weight.changed();
  }

  private void copyTokens(Tensor table, Tensor into) {
    for (int i = 0; i < target.tokens().size(); i++) {
      try (Tensor from = table.narrow(0, target.tokens().get(i), 1);
          Tensor to = into.narrow(0, i, 1)) {
        to.copyFrom(from);
      }
    }
  }

  private void putTokens(Tensor values, Tensor table) {
    for (int i = 0; i < target.tokens().size(); i++) {
      try (Tensor to = table.narrow(0, target.tokens().get(i), 1);
          Tensor from = values.narrow(0, i, 1)) {
        to.copyFrom(from);
      }
    }
  }

  /** Switches the update on or off, in stack order: last on, first off. */
  public void enabled(boolean enable) {
    if (enable == on) {
      return;
    }
    on = enable;
    try (Tensor rows = rows(weight.value())) {
      if (enable) {
        before.copyFrom(rows);
      } else {
        rows.copyFrom(before);
      }
    }
    if (enable) {
      write();
    }
    weight.changed();
  }

  /** Loads the matrices, and the underlying weight if the adapter provides a different one. */
  public void load(Checkpoint file) {
    for (Parameter value : values) {
      Weights.fill(value.value(), file, value.slices().get(0).name());
    }
    String base = target.baseLayer();
    if (target.kind() != TableTarget.Kind.TOKENS && file.names().contains(base)) {
      try (Scope scope = Scope.open()) {
        Tensor stored = Tensor.empty(before.type(), before.sizes());
        Weights.fill(stored, file, base);
        if (!Arrays.equals(stored.toFloats(), before.toFloats())) {
          before.copyFrom(stored);
        }
      }
    }
  }

  /** Returns the tensors as PEFT stores them. */
  public List<TensorData> tensors() {
    List<TensorData> tensors = new ArrayList<>();
    for (Parameter value : values) {
      tensors.add(
          Weights.tensor(
              value.slices().get(0).name(), value.value(), value.slices().get(0), StoredType.F32));
    }
    if (target.kind() != TableTarget.Kind.TOKENS) {
      tensors.add(
          Weights.tensor(
              target.baseLayer(),
              before,
              new Slice(target.baseLayer(), 0, target.rows()),
              StoredType.F32));
    }
    return tensors;
  }

  @Override
  public void close() {
    if (!before.isClosed()) {
      if (!weight.value().isClosed()) {
        enabled(false);
        if (trains) {
          weight.freeze();
        }
      }
      values.forEach(Parameter::close);
      before.close();
    }
  }

  /**
   * The matrices of an embedding and its tied head, which PEFT stores once and updates twice per
   * step, by each gradient.
   */
  public static final class Tie {

    private final TableUpdate embedding;
    private final TableUpdate head;
    private @Nullable Tensor a;
    private @Nullable Tensor b;

    Tie(TableUpdate embedding, TableUpdate head) {
      this.embedding = embedding;
      this.head = head;
    }

    /** Sets both to the embedding's values. */
    void adopt() {
      try (Scope scope = Scope.open()) {
        copyToHead();
      }
      keep();
    }

    /** Applies both changes since the values were last equal. */
    void join() {
      Tensor oldA = a;
      Tensor oldB = b;
      if (oldA == null || oldB == null) {
        adopt();
        return;
      }
      try (Scope scope = Scope.open()) {
        Tensor first = embedding.first().value();
        Tensor second = embedding.second().value();
        first.copyFrom(first.plus(head.second().value().transposed()).plus(oldA.scaled(-1)));
        second.copyFrom(second.plus(head.first().value().transposed()).plus(oldB.scaled(-1)));
        copyToHead();
      }
      keep();
    }

    private void copyToHead() {
      head.second().value().copyFrom(embedding.first().value().transposed());
      head.first().value().copyFrom(embedding.second().value().transposed());
    }

    private void keep() {
      close();
      try (Scope scope = Scope.open()) {
        a = embedding.first().value().copyAs(DType.F32).own();
        b = embedding.second().value().copyAs(DType.F32).own();
      }
    }

    void close() {
      if (a != null) {
        a.close();
      }
      if (b != null) {
        b.close();
      }
    }
  }
}
