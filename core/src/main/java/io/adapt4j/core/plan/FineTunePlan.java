package io.adapt4j.core.plan;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** What a run will do, known before any weight is read. Immutable. */
public interface FineTunePlan {

  /** {@return the optimizer steps} */
  int steps();

  /** {@return the rows trained on} */
  int trainExamples();

  /** {@return the rows held out} */
  int validationExamples();

  /** {@return the rows that cannot be used: too long, or nothing to learn in them} */
  int leftOut();

  /** {@return the rows that are cut to the sequence limit} */
  int truncated();

  /** {@return the rows that are split to the sequence limit} */
  int split();

  /** {@return the tokens learned from in one pass; texts where labels are of texts} */
  long targetTokensPerEpoch();

  /** {@return the values that train} */
  long trainableParameters();

  /** {@return the values of the base model} */
  long totalParameters();

  /** {@return what the run does about learning rate, epochs, batch size and warm-up} */
  List<Option> options();

  /** {@return what is to be known of the run, one sentence each} */
  List<String> notes();

  /**
   * Returns what is unusual about the run, but no reason to refuse it.
   *
   * @return one sentence each; see {@code FineTuner.questions}
   */
  List<String> questions();

  /**
   * Returns what is wrong with the data, by those checks that cost little: malformed rows, empty
   * answers, roles out of order, secrets, damaged characters, duplicates, contradictory and similar
   * labels, validation rows that are in the training data. {@code FineTuner.checkData} looks for
   * more.
   *
   * @return a line a check that found something, with its severity, count and first row
   */
  List<String> dataFindings();

  /**
   * Returns the predicted peak of memory.
   *
   * @return bytes; empty outside of a plan of {@code FineTuner.plan}
   */
  OptionalLong peakBytes();

  /**
   * {@return whether the predicted peak is within the device's memory; false if it is not; true
   * also where no memory was predicted}
   */
  boolean fits();

  /**
   * Returns what would take less memory, where the predicted peak does not fit.
   *
   * @return single changes, the one that saves most first; empty where none is needed
   */
  List<Advice> advice();

  /**
   * Returns what the model measures before training with a classifier fitted to its vectors, where
   * steps were timed: what training has to be better than.
   *
   * @return the loss and the metrics of the task over the validation data; empty where no steps
   *     were timed, and where no classifier is new
   */
  Map<String, Double> frozenBaseline();

  /** {@return how long some steps took, where they were asked for} */
  Optional<TimedSteps> timed();

  /**
   * Returns the share of the base model's size that trains.
   *
   * @return trainable over total parameters; can exceed 1 only for adapters larger than the model
   */
  default double trainableRatio() {
    return (double) trainableParameters() / totalParameters();
  }

  /**
   * Writes the plan for people.
   *
   * @return lines, the last one ended as well
   */
  String text();

  /**
   * Writes the plan as JSON.
   *
   * @return the text of an object with the numbers, {@code options}, {@code warnings}, {@code
   *     notes}, and where known {@code rollouts}, {@code memory} and {@code timed}
   */
  String json();

  /**
   * An option whose default depends on the method and the task.
   *
   * @param name its key
   * @param value its value
   * @param isDefault whether it was not stated
   * @param note what the default is for and what is usual; may be empty
   */
  record Option(String name, String value, boolean isDefault, String note) {}
}
