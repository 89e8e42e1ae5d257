package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.Optional;

/** Activation that turns a classifier's logits into scores. */
public enum ClassScores {
  /** Probabilities that sum to 1: exactly one class is right. */
  SOFTMAX,
  /** An independent probability for each class. */
  SIGMOID,
  /** The logits themselves. */
  IDENTITY;

  private static final String PROBLEM = "problem_type";
  private static final String MULTI_LABEL = "multi_label_classification";

  /**
   * Reads the activation from a configuration: the one that Sentence Transformers saves with
   * cross-encoders; otherwise derived from {@code problem_type} and the number of classes, like the
   * text-classification pipeline of Transformers.
   */
  public static ClassScores of(ModelConfig config, int classes) {
    ConfigReader fields = config.fields();
    Optional<ConfigReader> own = fields.child("sentence_transformers");
    if (own.isPresent() && own.get().has("activation_fn")) {
      return ofActivation(own.get(), "activation_fn");
    }
    String legacy = "sbert_ce_default_activation_function";
    return fields.has(legacy) ? ofActivation(fields, legacy) : ofProblem(fields, classes);
  }

  private static ClassScores ofActivation(ConfigReader fields, String field) {
    String name = fields.requireText(field);
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "Identity" -> IDENTITY;
      case "Sigmoid" -> SIGMOID;
      case "Softmax" -> SOFTMAX;
      default ->
          throw fields.invalid(
              field, "Identity, Sigmoid or Softmax", "This build has no such activation.");
    };
  }

  private static ClassScores ofProblem(ConfigReader fields, int classes) {
    String problem = fields.optionalText(PROBLEM).orElse("");
    return switch (problem) {
      case "regression" -> IDENTITY;
      case MULTI_LABEL -> SIGMOID;
      case "", "single_label_classification" -> classes == 1 ? SIGMOID : SOFTMAX;
      default ->
          throw fields.invalid(
              PROBLEM,
              "regression, single_label_classification or " + MULTI_LABEL,
              "Correct it, or remove the field.");
    };
  }

  public double[] apply(float[] logits) {
    double[] scores = new double[logits.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = this == SIGMOID ? 1 / (1 + Math.exp(-logits[i])) : logits[i];
    }
    return this == SOFTMAX ? Softmax.of(logits) : scores;
  }
}
