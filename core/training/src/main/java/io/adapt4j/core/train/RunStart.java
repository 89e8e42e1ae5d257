package io.adapt4j.core.train;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Facts known when a run starts.
 *
 * @param totalSteps planned optimizer steps
 * @param epochs planned passes over the training examples
 * @param trainableParameters number of trainable parameters
 * @param totalParameters number of all parameters, including trainable ones
 * @param trainExamples training examples; 0 if they are streamed and their number is unknown
 * @param validationExamples validation examples; 0 without validation
 * @param model short description of the model
 * @param precision compute precision, such as {@code bf16}
 * @param settings the run's settings, in words by name, in display order
 * @param tokenLoss whether the loss is the mean cross-entropy of tokens, whose exponential is the
 *     perplexity
 */
public record RunStart(
    int totalSteps,
    double epochs,
    long trainableParameters,
    long totalParameters,
    long trainExamples,
    long validationExamples,
    String model,
    String precision,
    Map<String, String> settings,
    boolean tokenLoss) {

  /**
   * Checks the texts and copies the settings. Throws {@link NullPointerException} if one is null.
   */
  public RunStart {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(precision, "precision");
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /**
   * Adds settings; a new one replaces one of the same name.
   *
   * @param more settings, in words by name
   * @return the event with them
   */
  public RunStart withSettings(Map<String, String> more) {
    Map<String, String> all = new LinkedHashMap<>(settings);
    all.putAll(more);
    return new RunStart(
        totalSteps,
        epochs,
        trainableParameters,
        totalParameters,
        trainExamples,
        validationExamples,
        model,
        precision,
        all,
        tokenLoss);
  }
}
