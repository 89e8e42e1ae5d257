package io.adapt4j.core.internal.nn.mlp;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.ExpertOps;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Load-balancing loss of a model's routers, which prevents them from sending all positions to a few
 * experts (Fedus et al. 2021, eq. 4): over all layers together, as in Transformers. It does nothing
 * outside of a {@link Pass}. Not thread safe.
 */
public final class RouterBalance {

  private final int experts;
  private final int chosen;
  private final double coefficient;
  private @Nullable Pass pass;
  private @Nullable Consumer<long[]> listener;

  /** Creates the loss of a model. */
  public RouterBalance(int experts, int chosen, double coefficient) {
    this.experts = experts;
    this.chosen = chosen;
    this.coefficient = coefficient;
  }

  /** {@return the factor of the loss; 0 if the model is trained without it} */
  public double coefficient() {
    return coefficient;
  }

  /**
   * Sets a listener for the chosen experts.
   *
   * @param each receives the experts of all positions, one router after the other; null for none
   */
  public void listen(@Nullable Consumer<long[]> each) {
    listener = each;
  }

  void routed(Tensor ids) {
    if (listener != null) {
      listener.accept(ids.toLongs());
    }
  }

  /**
   * Begins a pass for which the loss is needed.
   *
   * @param scale multiplies the gradients, in addition to the coefficient; 0 for no gradients
   * @return the pass; the caller closes it after backward
   */
  public Pass begin(long[] mask, double scale) {
    pass = new Pass(mask, scale);
    return pass;
  }

  /** Adds the scores of one router to the loss, and returns their part of its gradient. */
  ExpertOps.ScoreGradient observe(Ops ops, Tensor scores) {
    Pass own = pass;
    if (own == null) {
      return gradient -> gradient;
    }
    if (!ops.isRecomputing()) {
      own.add(scores);
    }
    return gradient -> own.plus(gradient, scores);
  }

  /** One forward pass and its backward pass. */
  public final class Pass implements AutoCloseable {

    private final Tensor real;
    private final double scale;
    private final long tokens;
    private final List<Tensor> loads = new ArrayList<>();
    private @Nullable Tensor sum;

    private Pass(long[] mask, double scale) {
      this.scale = scale;
      float[] values = new float[mask.length];
      long count = 0;
      for (int i = 0; i < values.length; i++) {
        values[i] = mask[i];
        count += mask[i];
      }
      this.tokens = count;
      this.real = Tensor.of(values, values.length, 1).own();
    }

    private void add(Tensor scores) {
      loads.add(ExpertOps.load(scores, real, chosen).own());
    }

    private Tensor plus(Tensor gradient, Tensor scores) {
      if (scale == 0) {
        return gradient;
      }
      double routed = (double) tokens * loads.size();
      double factor = coefficient * scale * experts / (routed * routed);
      return gradient.plus(ExpertOps.loadBackward(scores, real, sum(), factor));
    }

    private Tensor sum() {
      if (sum == null) {
        try (Scope scope = Scope.open(real.engine())) {
          Tensor total = loads.get(0);
          for (Tensor load : loads.subList(1, loads.size())) {
            total = total.plus(load);
          }
          sum = total.copyAs(total.type()).own();
        }
      }
      return sum;
    }

    /** Returns the loss, after the forward pass. */
    public double loss() {
      float[] values = sum().toFloats();
      double routed = (double) tokens * loads.size();
      double loss = 0;
      for (int i = 0; i < experts; i++) {
        loss += values[i] / routed * (values[experts + i] / routed);
      }
      return loss * experts;
    }

    /** {@return the loss times its coefficient} */
    public double weighted() {
      return coefficient * loss();
    }

    @Override
    public void close() {
      pass = null;
      real.close();
      loads.forEach(Tensor::close);
      if (sum != null) {
        sum.close();
      }
    }
  }
}
