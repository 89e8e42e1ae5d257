package io.adapt4j.core.train;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.StoredType;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Parameter.Trained;
import io.adapt4j.core.model.CheckpointFolder;
import io.adapt4j.core.model.Footprint;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.model.Weights;
import java.nio.file.Path;
import java.util.List;

/**
 * Trains every weight of the model and saves a complete Hugging Face checkpoint.
 *
 * <p>Costs 16 bytes a parameter in fp32 (weights, gradients, two moments) and 18 in bf16, where the
 * compute copy comes on top.
 */
public final class FullFineTuning implements FineTuningMethod {

  private FullFineTuning() {}

  /**
   * Makes the method; there is nothing to choose.
   *
   * @return full fine-tuning
   */
  public static FullFineTuning create() {
    return new FullFineTuning();
  }

  @Override
  public String description() {
    return "full fine-tuning";
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    return List.of();
  }

  @Override
  public long trainableParameters(Network declared) {
    return declared.parameterCount();
  }

  @Override
  public Footprint footprint(Network declared) {
    return Footprint.everything(declared);
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    network.parameters().forEach(Parameter::train);
    return new Everything(network, base);
  }

  private record Everything(Network network, Path base) implements Adaptation {

    @Override
    public List<Trained> trained() {
      return network.parameters().stream().flatMap(one -> one.trained().stream()).toList();
    }

    @Override
    public void refresh() {
      network.parameters().forEach(Parameter::refresh);
    }

    @Override
    public void save(Path folder) {
      StoredType type = network.modelConfig().dtype().orElse(StoredType.F32);
      CheckpointFolder.write(folder, base, network.modelConfig(), Weights.tensors(network, type));
    }

    @Override
    public void restore(Path folder) {
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        Weights.check(network, checkpoint);
        Weights.load(network, checkpoint);
      }
    }

    @Override
    public void close() {
      network.parameters().forEach(Parameter::freeze);
    }
  }
}
