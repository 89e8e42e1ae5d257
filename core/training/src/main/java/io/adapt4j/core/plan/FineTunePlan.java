package io.adapt4j.core.plan;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Plan of a run: its steps, data, options and memory, computed before any weight is read.
 * Immutable.
 */
public interface FineTunePlan {

  /** {@return the number of optimizer steps} */
  int steps();

  /** {@return the number of training rows} */
  int trainExamples();

  /** {@return the number of validation rows} */
  int validationExamples();

  /** {@return the number of rows that cannot be used: too long, or without a target token} */
  int leftOut();

  /** {@return the number of rows truncated to the sequence limit} */
  int truncated();

  /** {@return the number of rows split to the sequence limit} */
  int split();

  /** {@return the number of target tokens in one epoch; texts where labels are of texts} */
  long targetTokensPerEpoch();

  /** {@return the number of trainable parameters} */
  long trainableParameters();

  /** {@return the number of parameters of the base model} */
  long totalParameters();

  /** {@return learning rate, epochs, batch size, warmup and other options of the run} */
  List<Option> options();

  /** {@return notes on the run, one sentence each} */
  List<String> notes();

  /**
   * Returns settings that are unusual but no reason to refuse the run.
   *
   * @return one sentence each; see {@code FineTuner.questions}
   */
  List<String> questions();

  /**
   * Returns problems of the data found by inexpensive checks: malformed rows, empty answers, roles
   * out of order, secrets, damaged characters, duplicates, contradictory and similar labels,
   * validation rows that are in the training data. {@code FineTuner.checkData} checks more.
   *
   * @return a line for each check with findings: its severity, count and first row
   */
  List<String> dataFindings();

  /**
   * Returns the predicted peak memory.
   *
   * @return bytes; empty outside of a plan of {@code FineTuner.plan}
   */
  OptionalLong peakBytes();

  /**
   * {@return whether the predicted peak fits the device's memory; true if no memory was predicted}
   */
  boolean fits();

  /**
   * Returns changes that reduce memory if the predicted peak does not fit.
   *
   * @return single changes, the largest saving first; empty if none is needed
   */
  List<Advice> advice();

  /**
   * Returns the frozen baseline if steps were timed: the loss and metrics of a classifier fitted to
   * the model's vectors before training, which training must improve on.
   *
   * @return the loss and the task's metrics on the validation data; empty if no steps were timed or
   *     no classifier is newly initialized
   */
  Map<String, Double> frozenBaseline();

  /** {@return the timing of some steps, if it was requested} */
  Optional<TimedSteps> timed();

  /**
   * Returns the ratio of trainable parameters to the base model's size.
   *
   * @return trainable over total parameters; can exceed 1 only for adapters larger than the model
   */
  default double trainableRatio() {
    return (double) trainableParameters() / totalParameters();
  }

  /**
   * Formats the plan.
   *
   * @return readable lines, each ended by a line feed
   */
  String text();

  /**
   * Serializes the plan as JSON.
   *
   * @return a JSON object with the numbers, {@code options}, {@code warnings}, {@code notes}, and,
   *     if known, {@code rollouts}, {@code memory} and {@code timed}
   */
  String json();

  /**
   * An option whose default depends on the method and the task.
   *
   * @param name its key
   * @param value its value
   * @param isDefault whether it was not set
   * @param note reason of the default and usual values; may be empty
   */
  record Option(String name, String value, boolean isDefault, String note) {}
}
