package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.cache.Selection;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Choice of the nearest earlier layer with an indexer (GLM-5.2). */
public record EarlierChoice(int chosen) implements TokenChoice {

  @Override
  public int dim() {
    return 0;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public List<LinearSlot> linears() {
    return List.of();
  }

  @Override
  public Tensor withKeys(Inputs inputs, Tensor key) {
    return key;
  }

  @Override
  public Tensor widened(Tensor q) {
    return q;
  }

  @Override
  public Selection selection(Inputs inputs, Positions positions, int layer) {
    return positions.choices().before(layer);
  }

  @Override
  public Tensor mask(Inputs inputs, @Nullable Tensor mask, Positions positions, int layer) {
    return positions
        .choices()
        .before(layer)
        .mask(
            () -> {
              throw new IllegalStateException(
                  "The earlier layer of layer " + layer + " has not run");
            },
            mask);
  }

  @Override
  public Object kind() {
    return this;
  }
}
