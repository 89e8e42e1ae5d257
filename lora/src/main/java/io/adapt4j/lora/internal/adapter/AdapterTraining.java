package io.adapt4j.lora.internal.adapter;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Training of a model's adapter. */
public interface AdapterTraining extends Adaptation {

  AdapterModel<?> model();

  /**
   * Writes a classification model's configuration next to its adapter: PEFT leaves the class names
   * to the caller that loads the base; here they are kept with the adapter.
   */
  default void saveClasses(Path folder) {
    if (model().network() instanceof Encoder encoder && encoder.classes() > 0) {
      encoder.modelConfig().unstacked().save(folder);
    }
  }

  @Override
  default List<Trainable> trained() {
    return model().trained();
  }

  /** Returns a tensor's module; A and B of one have a gradient together, as one starts at zero. */
  @Override
  default Optional<String> moduleOf(String tensor) {
    return Optional.of(PeftNames.adapted(tensor));
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
