package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.forgetting.MeasuredRuns;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.AdaptationCopy;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.train.Freezing;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Implementation of {@link FullFineTuning}. */
record FullMechanics(FullFineTuning full) implements MethodMechanics {

  @Override
  public FullFineTuning chosen() {
    return full;
  }

  @Override
  public boolean trainsBase() {
    return true;
  }

  @Override
  public Optional<String> measuredAs() {
    return full.freezing().equals(Freezing.NONE)
        ? Optional.of(MeasuredRuns.PLAIN)
        : Optional.empty();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    if (!declared.packedLinears().isEmpty()) {
      return List.of(
          "Full fine-tuning needs plain weights, but those of "
              + base
              + " are held packed, which cannot train; train an adapter on them, or give the"
              + " original checkpoint.");
    }
    return full.freezing().problems(declared);
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.fullFineTuning(task);
  }

  @Override
  public long trainableParameters(Network declared) {
    Set<String> names = full.freezing().trained(declared);
    return declared.tensors().entrySet().stream()
        .filter(tensor -> names.contains(tensor.getKey()))
        .mapToLong(tensor -> tensor.getValue().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    return new TrainableSummary(full.freezing().trained(declared), List.of(), false, 0);
  }

  @Override
  public boolean copies(Network declared) {
    return true;
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    Set<String> names = full.freezing().trained(network);
    network.parameters().forEach(parameter -> parameter.trainOnly(names));
    return new Everything(network, base);
  }

  private record Everything(Network network, Path base) implements Adaptation {

    @Override
    public List<Trainable> trained() {
      return network.parameters().stream()
          .flatMap(parameter -> parameter.trained().stream())
          .toList();
    }

    @Override
    public void refresh() {
      network.parameters().forEach(Parameter::refresh);
    }

    @Override
    public void save(Path folder) {
      StoredType type = network.modelConfig().dtype().orElse(StoredType.F32);
      CheckpointFolder.write(folder, base, network.modelConfig(), network, type);
    }

    @Override
    public void restore(Path folder) {
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        Weights.check(network, checkpoint);
        Weights.load(network, checkpoint);
      }
    }

    @Override
    public AdaptationCopy copyOn(Network other) {
      return AdaptationCopy.NONE;
    }

    @Override
    public void close() {
      network.parameters().forEach(Parameter::freeze);
    }
  }
}
