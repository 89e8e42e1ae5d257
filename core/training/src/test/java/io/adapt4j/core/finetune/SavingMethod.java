package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.method.FineTuningMethod;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;

/** A method whose checkpoints are written by a test. */
record SavingMethod(MethodMechanics inner, BiConsumer<Adaptation, Path> saving)
    implements MethodMechanics {

  @Override
  public FineTuningMethod chosen() {
    return inner.chosen();
  }

  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    return inner.problems(declared, base);
  }

  @Override
  public long trainableParameters(Network declared) {
    return inner.trainableParameters(declared);
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    return new Saving(inner.attach(network, base, seed), saving);
  }

  /** Writes weights that stop in the middle. */
  static void cut(Path folder, Written rest) {
    TensorData cut =
        new TensorData(
            "cut",
            StoredType.U8,
            List.of(100L),
            channel -> {
              channel.write(ByteBuffer.allocate(50));
              rest.happens();
            });
    SafetensorsWriter.create().writeModel(folder, List.of(cut));
  }

  /** What happens when half of the weights are written. */
  interface Written {
    void happens() throws IOException;
  }

  private record Saving(Adaptation inner, BiConsumer<Adaptation, Path> saving)
      implements Adaptation {

    @Override
    public List<Trainable> trained() {
      return inner.trained();
    }

    @Override
    public void refresh() {
      inner.refresh();
    }

    @Override
    public void save(Path folder) {
      saving.accept(inner, folder);
    }

    @Override
    public void restore(Path folder) {
      inner.restore(folder);
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
