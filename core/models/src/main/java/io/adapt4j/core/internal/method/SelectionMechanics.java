package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.spi.ParameterSelection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Trains the parameters that a user-defined selection chooses. */
record SelectionMechanics(FineTuningMethod.Custom custom) implements MethodMechanics {

  @Override
  public FineTuningMethod chosen() {
    return custom;
  }

  private ParameterSelection selection() {
    return custom.selection();
  }

  private Set<String> names(Network declared) {
    Set<String> names = new LinkedHashSet<>();
    for (Map.Entry<String, List<Long>> tensor : declared.tensors().entrySet()) {
      if (selection().trains(tensor.getKey(), tensor.getValue())) {
        names.add(tensor.getKey());
      }
    }
    return names;
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    List<String> problems = new ArrayList<>();
    if (names(declared).isEmpty()) {
      problems.add(
          description()
              + " selects no parameter of the model; its parameters are such as "
              + String.join(", ", declared.tensors().keySet().stream().limit(4).toList())
              + ".");
    }
    if (!declared.newTensors().isEmpty()) {
      problems.add(
          description()
              + " saves values for parameters that the base has, but the task adds the output layer "
              + declared.newTensors()
              + "; use full fine-tuning or LoRA for this task.");
    }
    return problems;
  }

  @Override
  public List<LearningRateFactor> rateFactors() {
    return selection().learningRateFactors().entrySet().stream()
        .map(rate -> new LearningRateFactor(rate.getKey(), rate.getValue()))
        .toList();
  }

  @Override
  public long trainableParameters(Network declared) {
    Set<String> names = names(declared);
    return declared.tensors().entrySet().stream()
        .filter(tensor -> names.contains(tensor.getKey()))
        .mapToLong(tensor -> tensor.getValue().stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  @Override
  public TrainableSummary trainableSummary(Network declared) {
    return new TrainableSummary(names(declared), List.of(), false, 0);
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    SelectedValues values = SelectedValues.of(network, names(network));
    values.train();
    return values.training(ValueFolder.SELECTION, description(), base);
  }
}
