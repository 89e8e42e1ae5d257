package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.train.TrainingStep;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.train.LearningRateSchedule;

/** Options of the reference's Trainer, as golden folders state them. */
public final class TrainerOptions {

  private TrainerOptions() {}

  /** Returns the Trainer's optimizer settings. */
  public static TrainingStep.Settings settings(JsonNode options) {
    String optimizer = options.path("optimizer").asText("AdamW");
    if (!optimizer.equals("AdamW")) {
      throw new UnsupportedQuantityException("optimizer " + optimizer);
    }
    return new TrainingStep.Settings(
        new Optimizer.AdamW(
            options.path("adam_beta1").asDouble(),
            options.path("adam_beta2").asDouble(),
            options.path("adam_epsilon").asDouble()),
        options.path("weight_decay").asDouble(),
        options.path("max_grad_norm").asDouble(),
        false);
  }

  /** Returns the schedule of a name. */
  public static LearningRateSchedule schedule(String name) {
    return switch (name) {
      case "linear" -> LearningRateSchedule.LINEAR;
      case "cosine" -> LearningRateSchedule.COSINE;
      case "constant", "constant_with_warmup" -> LearningRateSchedule.CONSTANT;
      default -> throw new UnsupportedQuantityException("learning rate schedule " + name);
    };
  }
}
