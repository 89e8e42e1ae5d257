package io.adapt4j.lora;

import io.adapt4j.core.checkpoint.Checkpoint;
import io.adapt4j.core.checkpoint.CheckpointException;
import io.adapt4j.core.model.Linear;
import io.adapt4j.core.model.Network;
import io.adapt4j.core.train.Adaptation;
import io.adapt4j.core.train.FineTuningMethod;
import io.adapt4j.core.train.TaskKind;
import io.adapt4j.core.train.TrainingDefaults;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * (IA)3 (Liu et al. 2022): the base stays as it is, and learned vectors multiply keys, values and
 * the input of the MLP's last projection. Trains some hundredths of a percent of the model and
 * wants a high learning rate: its default is 3e-3 for next tokens. Saved as a PEFT adapter folder.
 *
 * <p>Immutable: every option returns a changed copy.
 */
public final class Ia3 implements FineTuningMethod {

  /** Names that PEFT chooses; the first whose modules are all there counts. */
  private static final List<Ia3Config> CHOICES =
      List.of(
          choice("down_proj", "k_proj", "v_proj"),
          choice("mlp.c_proj", "c_attn"),
          choice("dense_4h_to_h", "query_key_value"),
          choice("output.dense", "key", "value"));

  private final Optional<Ia3Config> chosen;

  private Ia3(Optional<Ia3Config> chosen) {
    this.chosen = chosen;
  }

  private static Ia3Config choice(String feedforward, String... others) {
    String[] all = Arrays.copyOf(others, others.length + 1);
    all[others.length] = feedforward;
    return Ia3Config.of(Targets.names(all), Optional.of(Targets.names(feedforward)));
  }

  /**
   * Makes the method with the modules PEFT chooses for a family: keys, values and the MLP's last
   * projection.
   *
   * @return the method
   */
  public static Ia3 create() {
    return new Ia3(Optional.empty());
  }

  /**
   * Chooses the modules.
   *
   * @param targets projections that are scaled
   * @param feedforward those of them that are scaled at their input
   * @return a changed copy
   */
  public Ia3 targets(Targets targets, Targets feedforward) {
    return new Ia3(Optional.of(Ia3Config.of(targets, Optional.of(feedforward))));
  }

  /** The modules that were chosen; empty for those that PEFT chooses. */
  Optional<Ia3Config> chosen() {
    return chosen;
  }

  /** The modules for a model; the first choice where none fits, so that the problem is named. */
  private Ia3Config config(Network network) {
    if (chosen.isPresent()) {
      return chosen.get();
    }
    Set<String> paths =
        network.linears().stream()
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::path)
            .collect(Collectors.toSet());
    return CHOICES.stream()
        .filter(one -> isComplete(one, paths))
        .findFirst()
        .orElse(CHOICES.get(0));
  }

  private static boolean isComplete(Ia3Config choice, Set<String> paths) {
    Targets.Names names = (Targets.Names) choice.modules().targets();
    return names.names().stream()
        .allMatch(name -> paths.stream().anyMatch(path -> Targets.Names.names(path, name)));
  }

  @Override
  public String description() {
    return "(IA)3" + chosen.map(one -> " targets=" + one.modules()).orElse("");
  }

  @Override
  public String identity() {
    return description()
        + chosen.flatMap(Ia3Config::feedforward).map(one -> " feedforward=" + one).orElse("");
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    return Ia3Plan.of(config(declared), declared).problems();
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.scaling("(IA)3", task);
  }

  @Override
  public long trainableParameters(Network declared) {
    return Ia3Plan.of(config(declared), declared).trainableParameters();
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    Ia3Config config = config(network);
    Ia3Model model = Ia3Model.attach(network, Ia3Plan.of(config, network));
    model.train();
    return new Training(model, config, base);
  }

  private record Training(Ia3Model model, Ia3Config config, Path base) implements AdapterTraining {

    @Override
    public void save(Path folder) {
      PeftFolder.write(
          folder,
          config.json(
              AdapterPlan.taskType(model.network()), model.plan().fanInFanOut(), base.toString()),
          model.tensors());
    }

    @Override
    public void restore(Path folder) {
      List<String> problems =
          Ia3Adapter.problems(folder, Ia3Plan.of(Ia3Config.read(folder), model.network()));
      if (problems.isEmpty()) {
        problems = Ia3Adapter.problems(folder, model.plan());
      }
      if (!problems.isEmpty()) {
        throw new CheckpointException(String.join("\n", problems));
      }
      try (Checkpoint file = PeftFolder.openWeights(folder)) {
        model.load(file);
      }
    }
  }
}
