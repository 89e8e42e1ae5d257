package io.adapt4j.lora;

import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.lora.internal.adapter.SavedModules;
import io.adapt4j.lora.internal.eva.EvaPass;
import io.adapt4j.lora.internal.peft.PeftNames;
import io.adapt4j.lora.internal.peft.Selection;
import io.adapt4j.lora.internal.peft.VocabularyTables;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Mechanics of training a LoRA adapter. */
record LoraMechanics(Lora lora) implements MethodMechanics {

  @Override
  public Lora chosen() {
    return lora;
  }

  private AdapterConfig config() {
    return lora.config();
  }

  @Override
  public Optional<Path> start() {
    return lora.start();
  }

  @Override
  public Optional<LayerStack> layerStack() {
    return config().layerStack();
  }

  /** Returns the measured kind: LoRA, rsLoRA or DoRA without options besides rank and targets. */
  @Override
  public Optional<String> measuredAs() {
    AdapterConfig own = config();
    AdapterConfig plain =
        Lora.rank(own.rank())
            .config()
            .with(
                draft -> {
                  draft.alpha = own.alpha();
                  draft.dropout = own.dropout();
                  draft.modules = own.modules();
                  draft.rankStabilized = own.rankStabilized();
                  draft.dora = own.dora();
                });
    if (!own.equals(plain)
        || lora.start().isPresent()
        || lora.plusRatio() != 1
        || (own.dora() && own.rankStabilized())
        || lora.weights() != WeightFormat.asStored()) {
      return Optional.empty();
    }
    String kind = own.dora() ? "dora" : own.rankStabilized() ? "rslora" : "lora";
    if (own.modules().equals(plainTargets())) {
      return Optional.of(kind);
    }
    return own.modules().equals(Lora.forgetLeast().config().modules()) && kind.equals("lora")
        ? Optional.of("lora-mlp")
        : Optional.empty();
  }

  private static Selection plainTargets() {
    return Lora.rank(1).config().modules();
  }

  @Override
  public WeightFormat weightFormat() {
    return lora.weights();
  }

  @Override
  public List<LearningRateFactor> rateFactors() {
    return lora.plusRatio() == 1
        ? List.of()
        : List.of(new LearningRateFactor("lora_B", lora.plusRatio()));
  }

  /**
   * Returns defaults; with LoRA+, the geometric mean of A's and B's learning rates stays LoRA's.
   */
  @Override
  public TrainingDefaults defaults(TaskKind task) {
    TrainingDefaults defaults = TrainingDefaults.lowRank(lora.name(), task);
    return lora.plusRatio() == 1
        ? defaults
        : defaults.scaledRates(
            lora.name() + " with ratio " + Lora.plain(lora.plusRatio()),
            1 / Math.sqrt(lora.plusRatio()));
  }

  @Override
  public List<String> questions(Network declared) {
    AdapterConfig own = completed(declared);
    AdapterPlan plan = AdapterPlan.of(own, declared);
    List<String> questions = new ArrayList<>(plan.idleRank().stream().toList());
    questions.addAll(PeftReaders.warnings(own, plan, declared));
    if (initializesFromData()) {
      questions.add(EvaPass.cost(plan.adapted()));
    }
    return List.copyOf(questions);
  }

  @Override
  public String identity() {
    return ("%s dropout=%s bias=%s modulesToSave=%s rankPattern=%s alphaPattern=%s init=%s%s"
            + " plus=%s%s%s")
        .formatted(
            lora.description(),
            config().dropout(),
            config().bias(),
            config().modulesToSave(),
            config().rankPattern(),
            config().alphaPattern(),
            config().initial() instanceof LoraInit.Eva eva ? eva : config().initial().peftName(),
            config().biasOfB() ? " biasOfB" : "",
            lora.plusRatio(),
            lora.start().map(folder -> " from " + folder).orElse(""),
            lora.weights() == WeightFormat.asStored()
                ? ""
                : " over " + lora.weights().description());
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    AdapterPlan plan = AdapterPlan.of(completed(declared), declared);
    List<String> problems = new ArrayList<>(plan.problems());
    AdapterPlan.withoutGradient(plan, declared).ifPresent(problems::add);
    if (lora.start().isPresent()) {
      List<String> unfit = LoraFolder.problems(lora.start().get(), config(), plan);
      return unfit.isEmpty() ? List.copyOf(problems) : unfit;
    }
    plan.uselessRank().ifPresent(problems::add);
    if (problems.isEmpty()) {
      for (String name : config().modules().targets().names()) {
        boolean used =
            Stream.concat(
                    declared.allLinears().stream()
                        .flatMap(slot -> slot.parts().stream())
                        .map(Linear.Part::path),
                    VocabularyTables.of(declared).keySet().stream())
                .anyMatch(path -> PeftNames.names(path, name));
        if (!used) {
          problems.add(
              "The LoRA target '%s' matches no projection; %s."
                  .formatted(name, PeftNames.choices(declared)));
        }
      }
    }
    if (SavedModules.lacksTokenHead(declared)) {
      problems.add(SavedModules.NO_TOKEN_HEAD);
    }
    if (config().modules().targets().expression().isPresent()
        && !config().modules().layers().isEmpty()) {
      problems.add(
          "The LoRA targets are a regular expression, beside which PEFT knows no layers; put the"
              + " layers into the expression.");
    }
    if (config().modules().layers().isEmpty() && !config().modules().layersPattern().isEmpty()) {
      problems.add("layersPattern is given without layers; give the layers' numbers too.");
    }
    for (String module : SavedModules.unknown(config().modulesToSave(), declared)) {
      problems.add(SavedModules.unknownModule(module));
    }
    return List.copyOf(problems);
  }

  @Override
  public boolean initializesFromData() {
    return lora.start().isEmpty() && config().initial() instanceof LoraInit.Eva;
  }

  @Override
  public long trainableParameters(Network declared) {
    return AdapterPlan.of(completed(declared), declared).trainableParameters();
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    AdapterConfig own = completed(declared);
    AdapterPlan plan = AdapterPlan.of(own, declared);
    return plan.trainableSummary(declared, own.dropout() > 0, LoraModel.adapters(plan, own));
  }

  @Override
  public boolean canCancel(Network declared, String path) {
    AdapterConfig own = completed(declared);
    return lora.start().isEmpty()
        && own.initial() == LoraInit.KAIMING
        && AdapterPlan.of(own, declared).adapted().stream()
            .anyMatch(
                adapted ->
                    adapted.part().path().equals(path) && !adapted.dora() && !adapted.biasOfB());
  }

  /** Returns whether the adapter consists of its layers, and leaves the base's tensors alone. */
  @Override
  public boolean copies(Network declared) {
    AdapterConfig own = completed(declared);
    AdapterPlan plan = AdapterPlan.of(own, declared);
    return plan.shapes().isEmpty()
        && plan.tables().isEmpty()
        && !plan.untiesHead()
        && !own.loftq().isUsed();
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    AdapterConfig own = completed(network);
    LoraModel model = LoraModel.attach(network, AdapterPlan.of(own, network), own);
    try {
      model.train();
      LoraTraining training = new LoraTraining(model, own, base, seed);
      if (lora.start().isPresent()) {
        training.restore(lora.start().get());
      } else {
        model.initialize(config().initial(), seed);
      }
      return training;
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  /** Returns the options with fully trained output layers added; a stored adapter names its own. */
  private AdapterConfig completed(Network network) {
    return lora.start().isPresent()
        ? config()
        : config()
            .with(
                draft ->
                    draft.modulesToSave = SavedModules.withOutput(draft.modulesToSave, network));
  }
}
