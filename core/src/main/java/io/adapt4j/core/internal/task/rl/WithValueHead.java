package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** An adaptation that trains a value head too. The head is closed by whoever made it. */
record WithValueHead(Adaptation adaptation, ValueHead head) implements Adaptation {

  @Override
  public List<Trainable> trained() {
    return Stream.concat(adaptation.trained().stream(), head.trained()).toList();
  }

  @Override
  public void collectGradients() {
    adaptation.collectGradients();
  }

  @Override
  public void refresh() {
    adaptation.refresh();
    head.refresh();
  }

  @Override
  public void save(Path folder) {
    adaptation.save(folder);
    head.save(folder);
  }

  @Override
  public void restore(Path folder) {
    adaptation.restore(folder);
    head.restore(folder);
  }

  @Override
  public void enabled(boolean on) {
    adaptation.enabled(on);
  }

  @Override
  public void close() {
    adaptation.close();
  }
}
