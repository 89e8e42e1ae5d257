package io.adapt4j.lora.internal.projection;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SingleFileModels;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.lora.internal.adapter.AdapterTraining;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.peft.PeftFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Mechanics of training an adapter of one of these kinds. */
public record ProjectionMechanics(FineTuningMethod chosen, ProjectionConfig config)
    implements MethodMechanics {

  private ProjectionConfig completed(Network network) {
    return config.start().isPresent()
        ? config
        : config
            .kind()
            .completed(config, network)
            .withModulesToSave(SavedModules.withOutput(config.modulesToSave(), network));
  }

  private ProjectionPlan plan(Network network) {
    return ProjectionPlan.of(completed(network), network);
  }

  @Override
  public String identity() {
    return config.kind().identity(config);
  }

  @Override
  public Optional<Path> start() {
    return config.start();
  }

  /** Returns the measured kind: one of any rank that has its other defaults. */
  @Override
  public Optional<String> measuredAs() {
    ProjectionConfig plain = ProjectionConfig.of(config.kind());
    if (plain.integer("r") > 0) {
      plain = plain.with("r", config.integer("r"));
    }
    return config.equals(plain)
        ? Optional.of(config.kind().type().toLowerCase(Locale.ROOT))
        : Optional.empty();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    ProjectionPlan plan = plan(declared);
    if (config.start().isPresent()) {
      return ProjectionAdapterMechanics.problems(config.start().get(), plan);
    }
    List<String> problems = new ArrayList<>(plan.problems());
    if (SavedModules.lacksTokenHead(declared)) {
      problems.add(SavedModules.NO_TOKEN_HEAD);
    }
    for (String module : SavedModules.unknown(config.modulesToSave(), declared)) {
      problems.add(SavedModules.unknownModule(module));
    }
    return List.copyOf(problems);
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return config.kind().defaults(task);
  }

  @Override
  public long trainableParameters(Network declared) {
    return plan(declared).trainableParameters();
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    ProjectionPlan plan = plan(declared);
    return plan.trainableSummary(ProjectionModel.adapters(plan));
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    ProjectionModel model = ProjectionModel.attach(network, plan(network));
    try {
      model.train();
      Training training = new Training(model, completed(network), base);
      if (config.start().isPresent()) {
        training.restore(config.start().get());
      } else {
        model.initialize(seed);
      }
      return training;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private record Training(ProjectionModel model, ProjectionConfig config, Path base)
      implements AdapterTraining {

    @Override
    public void save(Path folder) {
      PeftFolder.write(
          folder, model.plan().json(SingleFileModels.origin(base).toString()), model.tensors());
      saveClasses(folder);
    }

    @Override
    public void restore(Path folder) {
      ProjectionPlan stored =
          ProjectionPlan.of(ProjectionConfig.read(config.kind(), folder), model.network());
      PeftFolder.requireNone(ProjectionAdapterMechanics.problems(folder, stored));
      if (!stored.sameAs(model.plan())) {
        throw new CheckpointException(
            folder
                + ": this adapter has other options, targets or modules to save than the method it"
                + " is restored into. Use the options that it was trained with.");
      }
      try (Checkpoint file = PeftFolder.openWeights(folder)) {
        model.load(file);
      }
    }
  }
}
