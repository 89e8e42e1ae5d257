package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.ForwardingAdaptation;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Adaptation that also trains a value head, which is closed by its creator. */
final class WithValueHead extends ForwardingAdaptation {

  private final ValueHead head;

  WithValueHead(Adaptation adaptation, ValueHead head) {
    super(adaptation);
    this.head = head;
  }

  @Override
  public List<Trainable> trained() {
    return Stream.concat(super.trained().stream(), head.trained()).toList();
  }

  @Override
  public void refresh() {
    super.refresh();
    head.refresh();
  }

  @Override
  public void save(Path folder) {
    super.save(folder);
    head.save(folder);
  }

  @Override
  public void restore(Path folder) {
    super.restore(folder);
    head.restore(folder);
  }
}
