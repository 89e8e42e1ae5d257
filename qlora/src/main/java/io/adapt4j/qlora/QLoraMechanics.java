package io.adapt4j.qlora;

import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.LearningRateFactor;
import io.adapt4j.core.internal.method.MethodMechanics;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.method.TaskKind;
import io.adapt4j.core.internal.method.TrainingDefaults;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Mechanics of training a LoRA adapter over a 4-bit base. */
final class QLoraMechanics implements MethodMechanics {

  private final QLora qlora;
  private final MethodMechanics lora;

  QLoraMechanics(QLora qlora) {
    this.qlora = qlora;
    this.lora = Methods.of(qlora.lora());
  }

  @Override
  public QLora chosen() {
    return qlora;
  }

  @Override
  public WeightFormat weightFormat() {
    return qlora.weights();
  }

  @Override
  public boolean recomputesLayers() {
    return true;
  }

  @Override
  public String identity() {
    return "Q" + lora.identity() + " over " + qlora.weights().description();
  }

  @Override
  public Optional<Path> start() {
    return lora.start();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    return lora.problems(declared, base);
  }

  @Override
  public List<String> questions(Network declared) {
    return lora.questions(declared);
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    TrainingDefaults ofAdapter = lora.defaults(task);
    return ofAdapter.scaledRates("Q" + ofAdapter.method(), 1);
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

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    return lora.attach(network, base, seed);
  }
}
