package io.adapt4j.core.internal.task.embedding;

import io.adapt4j.core.internal.encode.TokenLinear;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardingAdaptation;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Adaptation that also trains token layers, which are closed by their creator. */
final class WithTokenLayers extends ForwardingAdaptation {

  private final List<TokenLinear> layers;

  WithTokenLayers(Adaptation adaptation, List<TokenLinear> layers) {
    super(adaptation);
    this.layers = layers;
    layers.forEach(TokenLinear::train);
  }

  @Override
  public List<Trainable> trained() {
    return Stream.concat(super.trained().stream(), layers.stream().flatMap(TokenLinear::trained))
        .toList();
  }

  @Override
  public void refresh() {
    super.refresh();
    layers.forEach(TokenLinear::refresh);
  }

  @Override
  public void save(Path folder) {
    super.save(folder);
    layers.forEach(layer -> layer.save(folder));
  }

  @Override
  public void restore(Path folder) {
    super.restore(folder);
    layers.forEach(layer -> layer.restore(folder));
  }
}
