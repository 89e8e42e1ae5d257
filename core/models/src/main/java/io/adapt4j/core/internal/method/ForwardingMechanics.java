package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.checkpoint.LayerStack;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Mechanics of a method that trains as another does, but for what it overrides. */
public abstract class ForwardingMechanics implements MethodMechanics {

  protected final MethodMechanics method;

  protected ForwardingMechanics(FineTuningMethod method) {
    this.method = Methods.of(method);
  }

  @Override
  public String identity() {
    return method.identity();
  }

  @Override
  public Optional<Path> start() {
    return method.start();
  }

  @Override
  public Optional<LayerStack> layerStack() {
    return method.layerStack();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    return method.problems(declared, base);
  }

  @Override
  public List<String> questions(Network declared) {
    return method.questions(declared);
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return method.defaults(task);
  }

  @Override
  public long trainableParameters(Network declared) {
    return method.trainableParameters(declared);
  }

  @Override
  public WeightFormat weightFormat() {
    return method.weightFormat();
  }

  @Override
  public boolean recomputesLayers() {
    return method.recomputesLayers();
  }

  @Override
  public boolean trainsBase() {
    return method.trainsBase();
  }

  @Override
  public List<LearningRateFactor> rateFactors() {
    return method.rateFactors();
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    return method.trainableSummary(declared);
  }

  @Override
  public long copiedValues(Network declared) {
    return method.copiedValues(declared);
  }

  @Override
  public boolean initializesFromData() {
    return method.initializesFromData();
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    return method.attach(network, base, seed);
  }
}
