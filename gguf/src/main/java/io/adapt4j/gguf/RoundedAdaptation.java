package io.adapt4j.gguf;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardPass;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** An adapter whose base is rounded with it. */
final class RoundedAdaptation implements Adaptation {

  private final Adaptation adapter;
  private final RoundedWeights weights;
  private final int every;
  private int updates;

  RoundedAdaptation(Adaptation adapter, RoundedWeights weights, int every) {
    this.adapter = adapter;
    this.weights = weights;
    this.every = every;
    weights.round();
  }

  @Override
  public void initialize(Iterator<ForwardPass> passes) {
    weights.restore();
    adapter.initialize(passes);
    weights.round();
  }

  @Override
  public List<Trainable> trained() {
    return adapter.trained();
  }

  @Override
  public void refresh() {
    adapter.refresh();
    updates++;
    if (updates % every == 0) {
      weights.round();
    }
  }

  @Override
  public void collectGradients() {
    adapter.collectGradients();
  }

  @Override
  public void save(Path folder) {
    adapter.save(folder);
  }

  @Override
  public void restore(Path folder) {
    weights.restore();
    adapter.restore(folder);
    weights.round();
  }

  @Override
  public void enabled(boolean on) {
    if (!on) {
      weights.restore();
    }
    adapter.enabled(on);
    if (on) {
      weights.round();
    }
  }

  @Override
  public void close() {
    weights.close();
    adapter.close();
  }
}
