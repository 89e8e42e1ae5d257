package io.adapt4j.lora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.lora.internal.peft.PeftNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Mechanics of training an (IA)3 adapter. */
record Ia3Mechanics(Ia3 ia3) implements MethodMechanics {

  /** PEFT's default names; the first choice whose modules all exist counts. */
  private static final List<Ia3Config> CHOICES =
      List.of(
          choice("down_proj", "k_proj", "v_proj"),
          choice("mlp.c_proj", "c_attn"),
          choice("dense_4h_to_h", "query_key_value"),
          choice("output.dense", "key", "value"));

  @Override
  public Ia3 chosen() {
    return ia3;
  }

  /**
   * Returns the modules for a model; the first choice if none fits, so that the problem is
   * reported.
   */
  private Ia3Config config(Network network) {
    return ia3.modules()
        .orElseGet(() -> usual(network))
        .withModulesToSave(SavedModules.withOutput(ia3.modulesToSave(), network));
  }

  private static Ia3Config usual(Network network) {
    Set<String> paths =
        network.linears().stream()
            .flatMap(slot -> slot.parts().stream())
            .map(Linear.Part::path)
            .collect(Collectors.toSet());
    return CHOICES.stream()
        .filter(ia3Config -> isComplete(ia3Config, paths))
        .findFirst()
        .orElse(CHOICES.get(0));
  }

  private static boolean isComplete(Ia3Config choice, Set<String> paths) {
    Targets.Names names = (Targets.Names) choice.modules().targets();
    return names.names().stream()
        .allMatch(name -> paths.stream().anyMatch(path -> PeftNames.names(path, name)));
  }

  private static Ia3Config choice(String feedforward, String... others) {
    String[] all = Arrays.copyOf(others, others.length + 1);
    all[others.length] = feedforward;
    return Ia3Config.of(Targets.names(all), Optional.of(Targets.names(feedforward)));
  }

  @Override
  public String identity() {
    return ia3.description()
        + ia3.modules()
            .flatMap(Ia3Config::feedforward)
            .map(targets -> " feedforward=" + targets)
            .orElse("")
        + (ia3.modulesToSave().isEmpty() ? "" : " modulesToSave=" + ia3.modulesToSave());
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    List<String> problems = new ArrayList<>(Ia3Plan.of(config(declared), declared).problems());
    if (SavedModules.lacksTokenHead(declared)) {
      problems.add(SavedModules.NO_TOKEN_HEAD);
    }
    for (String module : SavedModules.unknown(ia3.modulesToSave(), declared)) {
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
  public TrainableSummary trainableSummary(Network declared) {
    Ia3Plan plan = Ia3Plan.of(config(declared), declared);
    return plan.trainableSummary(Ia3Model.adapters(plan));
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
          config.json(model.plan(), SingleFileModels.origin(base).toString()),
          model.tensors());
      saveClasses(folder);
    }

    @Override
    public void restore(Path folder) {
      Ia3Plan stored = Ia3Plan.of(Ia3Config.read(folder), model.network());
      List<String> problems = Ia3AdapterMechanics.problems(folder, stored);
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
