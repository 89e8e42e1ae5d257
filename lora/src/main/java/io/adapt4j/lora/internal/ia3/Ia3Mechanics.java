package io.adapt4j.lora.internal.ia3;

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
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.adapter.AdapterTraining;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.peft.PeftFolder;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.PeftTargets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Mechanics of training an (IA)3 adapter. */
public record Ia3Mechanics(
    FineTuningMethod chosen, Optional<Ia3Config> modules, List<String> modulesToSave)
    implements MethodMechanics {

  /** PEFT's default names; the first choice whose modules all exist counts. */
  private static final List<Ia3Config> CHOICES =
      List.of(
          choice("down_proj", "k_proj", "v_proj"),
          choice("mlp.c_proj", "c_attn"),
          choice("dense_4h_to_h", "query_key_value"),
          choice("output.dense", "key", "value"));

  /**
   * Returns the modules for a model; the first choice if none fits, so that the problem is
   * reported.
   */
  private Ia3Config config(Network network) {
    return modules
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
        .filter(ia3Config -> isComplete(ia3Config, paths))
        .findFirst()
        .orElse(CHOICES.get(0));
  }

  private static boolean isComplete(Ia3Config choice, Set<String> paths) {
    return choice.modules().targets().names().stream()
        .allMatch(name -> paths.stream().anyMatch(path -> PeftNames.names(path, name)));
  }

  private static Ia3Config choice(String feedforward, String... others) {
    String[] all = Arrays.copyOf(others, others.length + 1);
    all[others.length] = feedforward;
    return Ia3Config.of(
        PeftTargets.names(List.of(all)), Optional.of(PeftTargets.names(List.of(feedforward))));
  }

  @Override
  public String identity() {
    return chosen.description()
        + modules
            .flatMap(Ia3Config::feedforward)
            .map(targets -> " feedforward=" + targets)
            .orElse("")
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
