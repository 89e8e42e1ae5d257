package io.adapt4j.core.train;

import java.util.Objects;

/**
 * What is known when a run starts.
 *
 * @param totalSteps planned optimizer steps
 * @param epochs planned passes over the training examples
 * @param trainableParameters parameters that are trained
 * @param totalParameters all parameters, the trained ones included
 * @param trainExamples training examples; 0 if they are streamed and their number is unknown
 * @param validationExamples validation examples; 0 without validation
 * @param model short description of the model
 * @param precision compute precision, such as {@code bf16}
 */
public record RunStart(
    int totalSteps,
    double epochs,
    long trainableParameters,
    long totalParameters,
    long trainExamples,
    long validationExamples,
    String model,
    String precision) {

  /**
   * Checks that the texts are given.
   *
   * @param totalSteps planned optimizer steps
   * @param epochs planned passes over the training examples
   * @param trainableParameters parameters that are trained
   * @param totalParameters all parameters, the trained ones included
   * @param trainExamples training examples; 0 if they are streamed and their number is unknown
   * @param validationExamples validation examples; 0 without validation
   * @param model short description of the model
   * @param precision compute precision, such as {@code bf16}
   * @throws NullPointerException if one is null
   */
  public RunStart {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(precision, "precision");
  }
}
