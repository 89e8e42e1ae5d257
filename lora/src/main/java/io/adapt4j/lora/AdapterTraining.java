package io.adapt4j.lora;

import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.train.Adaptation;
import java.util.List;

/** A model whose adapter trains. */
interface AdapterTraining extends Adaptation {

  AdapterModel<?> model();

  @Override
  default List<Trained> trained() {
    return model().trained();
  }

  @Override
  default void refresh() {
    model().refresh();
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
