package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Mechanics of training a LoRA adapter over weights rounded with it. */
final class QuantizationAwareMechanics implements MethodMechanics {

  private final QuantizationAware method;
  private final MethodMechanics lora;

  QuantizationAwareMechanics(QuantizationAware method) {
    this.method = method;
    this.lora = Methods.of(method.lora());
  }

  @Override
  public QuantizationAware chosen() {
    return method;
  }

  @Override
  public WeightFormat weightFormat() {
    return lora.weightFormat();
  }

  @Override
  public String identity() {
    return "%s over weights rounded to %s every %d updates"
        .formatted(lora.identity(), method.type(), method.every());
  }

  @Override
  public Optional<Path> start() {
    return lora.start();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    List<String> problems = new ArrayList<>(lora.problems(declared, base));
    if (!declared.packedLinears().isEmpty()) {
      problems.add(
          "Weights that are rounded while training have to be plain, but those of the base are held"
              + " packed; give the original checkpoint, without 4 bits.");
    }
    Optional<ObjectNode> options = Methods.named("lora").write(method.lora());
    if (options.filter(written -> isOn(written, "dora") || isOn(written, "biasOfB")).isPresent()) {
      problems.add(
          "Weights cannot be rounded under DoRA or biases of B, which change more than the"
              + " weight; use plain LoRA.");
    }
    return problems;
  }

  private static boolean isOn(ObjectNode options, String option) {
    return options.path(option).asBoolean(false);
  }

  @Override
  public List<String> questions(Network declared) {
    return lora.questions(declared);
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return lora.defaults(task);
  }

  @Override
  public long trainableParameters(Network declared) {
    return lora.trainableParameters(declared);
  }

  @Override
  public List<LearningRateFactor> rateFactors() {
    return lora.rateFactors();
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    return lora.trainableSummary(declared);
  }

  /** Returns the number of values held twice: frozen matrices keep their originals. */
  @Override
  public long copiedValues(Network declared) {
    if (method.type() == GgufQuantization.F32) {
      return 0;
    }
    TrainableSummary summary = trainableSummary(declared);
    return declared.parameters().stream()
        .filter(parameter -> parameter.sizes().length == 2 && !summary.trains(parameter))
        .mapToLong(Parameter::count)
        .sum();
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    Adaptation adaptation = lora.attach(network, base, seed);
    try {
      return new RoundedAdaptation(
          adaptation,
          RoundedWeights.of(network, GgufExport.of(base).type(method.type()).types()),
          method.every());
    } catch (RuntimeException | Error e) {
      adaptation.close();
      throw e;
    }
  }
}
