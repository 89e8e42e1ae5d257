package io.adapt4j.core;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.nn.CheckpointFolder;
import io.adapt4j.core.internal.nn.Footprint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.Weights;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Parameter.Trained;
import io.adapt4j.core.internal.train.Freezing;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.spi.FineTuningMethod;
import io.adapt4j.core.train.TaskKind;
import io.adapt4j.core.train.TrainingDefaults;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Trains the weights of the model itself and saves a complete Hugging Face checkpoint.
 *
 * <p>Costs 16 bytes a trained parameter in fp32 (weights, gradients, two moments) and 18 in bf16,
 * where the compute copy comes on top. Parameters can be frozen: they cost their weights only, and
 * nothing below the lowest parameter that trains is retained or differentiated. Projections that
 * share an input (query, key and value; gate and up) have one gradient, which is there when any of
 * them trains.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class FullFineTuning implements FineTuningMethod {

  private final Freezing freezing;

  private FullFineTuning(Freezing freezing) {
    this.freezing = freezing;
  }

  /**
   * Makes the method with nothing frozen.
   *
   * @return full fine-tuning
   */
  public static FullFineTuning create() {
    return new FullFineTuning(Freezing.NONE);
  }

  Freezing freezing() {
    return freezing;
  }

  /**
   * Freezes the layers nearest to the input. The embeddings go on training: freeze them too ({@link
   * #freezeEmbeddings}) so that derivatives end above the frozen layers.
   *
   * @param layers how many; 0 for none
   * @return a changed copy
   * @throws IllegalArgumentException if the number is negative
   */
  public FullFineTuning freezeFirstLayers(int layers) {
    if (layers < 0) {
      throw new IllegalArgumentException("freezeFirstLayers: expected at least 0, found " + layers);
    }
    return new FullFineTuning(freezing.withLayers(layers));
  }

  /**
   * Freezes the embeddings of tokens, positions and types and their norm. An output head tied to
   * the token embedding is frozen with it.
   *
   * @return a changed copy
   */
  public FullFineTuning freezeEmbeddings() {
    return new FullFineTuning(freezing.withEmbeddings());
  }

  /**
   * Freezes parameters by name, besides others already frozen.
   *
   * @param names a regular expression found in their names, such as {@code mlp} or {@code \.bias$}
   * @return a changed copy
   * @throws IllegalArgumentException if the expression is malformed
   */
  public FullFineTuning freeze(String names) {
    return new FullFineTuning(freezing.withFrozen(names));
  }

  /**
   * Freezes every parameter but some; used again, it adds to them. What else is frozen stays so.
   *
   * @param names a regular expression found in their names, such as {@code norm}
   * @return a changed copy
   * @throws IllegalArgumentException if the expression is malformed
   */
  public FullFineTuning trainOnly(String names) {
    return new FullFineTuning(freezing.withTrained(names));
  }

  @Override
  public String description() {
    return "full fine-tuning" + freezing;
  }

  @Override
  public boolean trainsBase() {
    return true;
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
    return freezing.problems(declared);
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.fullFineTuning(task);
  }

  @Override
  public long trainableParameters(Network declared) {
    Set<String> names = freezing.trained(declared);
    return declared.tensors().entrySet().stream()
        .filter(tensor -> names.contains(tensor.getKey()))
        .mapToLong(tensor -> tensor.getValue().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  @Override
  public Footprint footprint(Network declared) {
    return new Footprint(freezing.trained(declared), List.of(), false, 0);
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    Set<String> names = freezing.trained(network);
    network.parameters().forEach(parameter -> parameter.trainOnly(names));
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
    public void close() {
      network.parameters().forEach(Parameter::freeze);
    }
  }
}
