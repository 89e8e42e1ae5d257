package io.adapt4j.lora;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;

/** A model whose adapter trains. */
interface AdapterTraining extends Adaptation {

  AdapterModel<?> model();

  /**
   * Writes the configuration of a model that scores classes beside its adapter: PEFT leaves the
   * names of the classes to whoever loads the base; here they stay together.
   */
  default void saveClasses(Path folder) {
    if (model().network() instanceof Encoder encoder && encoder.classes() > 0) {
      encoder.modelConfig().save(folder);
    }
  }

  @Override
  default List<Trainable> trained() {
    return model().trained();
  }

  @Override
  default void refresh() {
    model().refresh();
  }

  @Override
  default void collectGradients() {
    model().collectGradients();
  }

  @Override
  default void enabled(boolean on) {
    model().enabled(on);
  }

  @Override
  default void close() {
    model().close();
  }
}
