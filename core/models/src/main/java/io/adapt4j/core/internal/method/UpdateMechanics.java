package io.adapt4j.core.internal.method;

import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.memory.TrainableSummary;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.spi.WeightUpdate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Trains the parameters of user-defined weight updates. */
record UpdateMechanics(FineTuningMethod.CustomUpdate custom) implements MethodMechanics {

  @Override
  public FineTuningMethod chosen() {
    return custom;
  }

  private WeightUpdate update() {
    return custom.update();
  }

  @Override
  public List<String> problems(Network declared, Path base) {
    List<String> problems = new ArrayList<>();
    if (trainableParameters(declared) == 0) {
      problems.add(description() + " has parameters for no projection of the model.");
    }
    if (!declared.newTensors().isEmpty()) {
      problems.add(
          description()
              + " updates weights that the base has, but the task adds the output layer "
              + declared.newTensors()
              + "; use full fine-tuning or LoRA for this task.");
    }
    return problems;
  }

  @Override
  public TrainingDefaults defaults(TaskKind task) {
    return TrainingDefaults.lowRank(update().name(), task);
  }

  @Override
  public long trainableParameters(Network declared) {
    return UpdateModel.shapes(declared, update()).values().stream()
        .mapToLong(shape -> shape.stream().reduce(1L, Math::multiplyExact))
        .sum();
  }

  /** Counts the updates themselves as trainable: they have gradients, though no optimizer state. */
  @Override
  public TrainableSummary trainableSummary(Network declared) {
    long updated = 0;
    for (LinearSlot slot : declared.layerLinears()) {
      Linear layer = slot.linear();
      boolean adapted =
          layer.parts().stream()
              .anyMatch(part -> !update().parameters(UpdatePart.projection(layer, part)).isEmpty());
      updated += adapted ? layer.inFeatures() * layer.outFeatures() : 0;
    }
    return TrainableSummary.ofValues(trainableParameters(declared) + updated);
  }

  @Override
  public Adaptation attach(Network network, Path base, long seed) {
    UpdateModel model = UpdateModel.attach(network, update());
    try {
      model.train(seed);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model.training(ValueFolder.UPDATE, description(), base);
  }
}
