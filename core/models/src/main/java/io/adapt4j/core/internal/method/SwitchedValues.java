package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;

/**
 * Switchable values that replace or update a model's weights. Merging changes neither their place
 * nor their precision.
 */
abstract class SwitchedValues extends SwitchableAdapter {

  abstract List<Trainable> trained();

  abstract void refresh();

  void collectGradients() {}

  /** Returns the values to store, in fp32. */
  abstract List<TensorData> tensors();

  abstract void load(Path folder);

  /** Loads stored values; on failure, restores the model. */
  final SwitchedValues loaded(Path folder) {
    try {
      load(folder);
      return this;
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  final Adaptation training(ValueFolder format, String method, Path base) {
    return new Training(this, format, method, base);
  }

  private record Training(SwitchedValues values, ValueFolder format, String method, Path base)
      implements Adaptation {

    @Override
    public List<Trainable> trained() {
      return values.trained();
    }

    @Override
    public void refresh() {
      values.refresh();
    }

    @Override
    public void collectGradients() {
      values.collectGradients();
    }

    @Override
    public void save(Path folder) {
      format.write(folder, method, base, values.tensors());
    }

    @Override
    public void restore(Path folder) {
      values.load(folder);
    }

    @Override
    public void enabled(boolean on) {
      values.enabled(on);
    }

    @Override
    public void close() {
      values.close();
    }
  }
}
