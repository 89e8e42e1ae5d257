package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.tensor.Parameter.Trainable;
import java.nio.file.Path;
import java.util.List;

/** Values in or beside a model's weights: merged they stay there, in as many bits. */
abstract class SwitchedValues extends SwitchableAdapter {

  abstract List<Trainable> trained();

  abstract void refresh();

  void collectGradients() {}

  /** The values as files store them, in fp32. */
  abstract List<TensorData> tensors();

  abstract void load(Path folder);

  /** Reads stored values; where that fails, the model is as it was. */
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
