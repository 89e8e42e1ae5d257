package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Footprint;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.spi.Adaptation;
import io.adapt4j.core.spi.FineTuningMethod;
import io.adapt4j.core.train.TaskKind;
import io.adapt4j.core.train.TrainingDefaults;
import java.nio.file.Path;
import java.util.ArrayList;
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
  private final List<String> modulesToSave;

  private Ia3(Optional<Ia3Config> chosen, List<String> modulesToSave) {
    this.chosen = chosen;
    this.modulesToSave = List.copyOf(modulesToSave);
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
    return new Ia3(Optional.empty(), List.of());
  }

  /**
   * Chooses the modules.
   *
   * @param targets projections that are scaled
   * @param feedforward those of them that are scaled at their input
   * @return a changed copy
   */
  public Ia3 targets(Targets targets, Targets feedforward) {
    return new Ia3(Optional.of(Ia3Config.of(targets, Optional.of(feedforward))), modulesToSave);
  }

  /**
   * Names modules that train in full and are saved with the vectors, as {@link Lora#modulesToSave}
   * does. What scores classes is among them by itself.
   *
   * @param modules ends of module paths; these replace earlier ones
   * @return a changed copy
   * @throws IllegalArgumentException if a name is blank
   */
  public Ia3 modulesToSave(String... modules) {
    SavedModules.requireNames(modules);
    return new Ia3(chosen, List.of(modules));
  }

  List<String> modulesToSave() {
    return modulesToSave;
  }

  /** The modules that were chosen; empty for those that PEFT chooses. */
  Optional<Ia3Config> chosen() {
    return chosen;
  }

  /** The modules for a model; the first choice where none fits, so that the problem is named. */
  private Ia3Config config(Network network) {
    return chosen
        .orElseGet(() -> usual(network))
        .withModulesToSave(SavedModules.withOutput(modulesToSave, network));
  }

  private static Ia3Config usual(Network network) {
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
        + chosen.flatMap(Ia3Config::feedforward).map(one -> " feedforward=" + one).orElse("")
        + (modulesToSave.isEmpty() ? "" : " modulesToSave=" + modulesToSave);
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    List<String> problems = new ArrayList<>(Ia3Plan.of(config(declared), declared).problems());
    if (SavedModules.lacksTokenHead(declared)) {
      problems.add(SavedModules.NO_TOKEN_HEAD);
    }
    for (String module : SavedModules.unknown(modulesToSave, declared)) {
      problems.add(SavedModules.unknownModule(module));
    }
    return List.copyOf(problems);
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
  public Footprint footprint(Network declared) {
    return Ia3Plan.of(config(declared), declared).footprint();
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
      PeftFolder.write(folder, config.json(model.plan(), base.toString()), model.tensors());
      saveClasses(folder);
    }

    @Override
    public void restore(Path folder) {
      Ia3Plan stored = Ia3Plan.of(Ia3Config.read(folder), model.network());
      List<String> problems = Ia3Adapter.problems(folder, stored);
      if (!problems.isEmpty()) {
        throw new CheckpointException(String.join("\n", problems));
      }
      if (!stored.sameAs(model.plan())) {
        throw new CheckpointException(
            folder
                + ": this adapter has other targets or modules to save than the method it is"
                + " restored into. Use the options that it was trained with.");
      }
      try (Checkpoint file = PeftFolder.openWeights(folder)) {
        model.load(file);
      }
    }
  }
}
