package io.adapt4j.lora.internal.eva;

import static io.adapt4j.lora.internal.LoraOperators.operator;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Principal components of rows that come batch by batch (Ross et al. 2008). Holds the components
 * and, until there are enough, rows.
 */
final class PrincipalComponents implements AutoCloseable {

  /** Smaller dimension up to which a batch is decomposed exactly. */
  private static final long EXACT = 128;

  private static final Operator MORE_COMPONENTS = operator("more_components");

  private final int count;
  private final List<Tensor> waiting = new ArrayList<>();

  /**
   * Components, singular values, mean and sum of squared distances; empty before the first rows.
   */
  private List<Tensor> state = List.of();

  private long seen;
  private float[] shares = new float[0];
  private float[] cosines = new float[0];

  PrincipalComponents(int count) {
    this.count = count;
  }

  /** Adds rows, F32 [n, in]; fewer than there are components wait for more. */
  void add(Tensor rows) {
    waiting.add(rows.copyAs(DType.F32).own());
    if (waiting.stream().mapToLong(part -> part.size(0)).sum() < count) {
      return;
    }
    try (Scope scope = Scope.open()) {
      fit(Tensor.concatenated(waiting, 0));
    }
    waiting.forEach(Tensor::close);
    waiting.clear();
  }

  private void fit(Tensor rows) {
    List<Tensor> before = state;
    if (before.isEmpty()) {
      Tensor none = Tensor.zeros(DType.F64, 1);
      before = List.of(none, none, none, none);
    }
    Tensor[] found =
        MORE_COMPONENTS.tensors(
            rows,
            before.get(0),
            before.get(1),
            before.get(2),
            before.get(3),
            seen,
            count,
            width(rows));
    state.forEach(Tensor::close);
    state = Arrays.stream(found).limit(4).map(Tensor::own).toList();
    shares = found[4].toFloats();
    cosines = found[5].toFloats();
    seen += rows.size(0);
  }

  /** Returns the size of the random subspace; 0 to decompose exactly. */
  private long width(Tensor rows) {
    long height = rows.size(0) + (seen == 0 ? 0 : count + 1);
    long smaller = Math.min(height, rows.size(1));
    return smaller <= Math.max(EXACT, 2L * count) ? 0 : 2L * count;
  }

  boolean isEmpty() {
    return seen == 0;
  }

  /** Returns the share of the variance along each component, in descending order. */
  float[] shares() {
    return shares.clone();
  }

  /** Returns whether the newest rows turned none of the first components further than allowed. */
  boolean isStable(int first, double cosine) {
    return !isEmpty() && IntStream.range(0, first).allMatch(i -> cosines[i] >= cosine);
  }

  /**
   * Returns the first components, [rank, in], owned by the caller. Whitened ones are divided by the
   * square roots of their singular values.
   */
  Tensor first(int rank, boolean whiten) {
    try (Scope scope = Scope.open()) {
      Tensor components = state.get(0).narrow(0, 0, rank).copyAs(DType.F32);
      if (!whiten) {
        return components.own();
      }
      float[] factors = state.get(1).narrow(0, 0, rank).toFloats();
      for (int i = 0; i < rank; i++) {
        factors[i] = (float) (1 / Math.sqrt(factors[i]));
      }
      return components.timesElements(Tensor.of(factors, rank, 1)).own();
    }
  }

  @Override
  public void close() {
    waiting.forEach(Tensor::close);
    state.forEach(Tensor::close);
  }
}
