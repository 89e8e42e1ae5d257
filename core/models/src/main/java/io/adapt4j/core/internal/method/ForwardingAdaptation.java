package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** Adaptation that forwards every call to another; subclasses override some. */
public abstract class ForwardingAdaptation implements Adaptation {

  private final Adaptation adaptation;

  protected ForwardingAdaptation(Adaptation adaptation) {
    this.adaptation = adaptation;
  }

  @Override
  public List<Trainable> trained() {
    return adaptation.trained();
  }

  @Override
  public void initialize(Iterator<ForwardPass> passes) {
    adaptation.initialize(passes);
  }

  @Override
  public void collectGradients() {
    adaptation.collectGradients();
  }

  @Override
  public void refresh() {
    adaptation.refresh();
  }

  @Override
  public void save(Path folder) {
    adaptation.save(folder);
  }

  @Override
  public void restore(Path folder) {
    adaptation.restore(folder);
  }

  @Override
  public void enabled(boolean on) {
    adaptation.enabled(on);
  }

  @Override
  public AdaptationCopy copyOn(Network network) {
    return adaptation.copyOn(network);
  }

  @Override
  public void close() {
    adaptation.close();
  }
}
