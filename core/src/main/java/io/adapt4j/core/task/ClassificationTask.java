package io.adapt4j.core.task;

import java.util.List;

/**
 * Scores of texts or of their words.
 *
 * @param problem what a text, or each of its words, is given
 * @param labels the classes in order; empty for those of the data
 * @param replacesClassifier whether a checkpoint's classifier of other classes is replaced
 */
public record ClassificationTask(
    ClassificationProblem problem, List<String> labels, boolean replacesClassifier)
    implements Task {

  /**
   * Copies the labels.
   *
   * @param problem what a text, or each of its words, is given
   * @param labels the classes in order
   * @param replacesClassifier whether a checkpoint's classifier of other classes is replaced
   */
  public ClassificationTask {
    labels = List.copyOf(labels);
  }

  /**
   * States the classes and their order. By default they are those of the data: whole numbers by
   * value, other names by their characters. Data may then have the number of a class, from 0, in
   * the place of its name.
   *
   * @param names the classes, class 0 first
   * @return a changed copy
   */
  public ClassificationTask labels(String... names) {
    return new ClassificationTask(problem, List.of(names), replacesClassifier);
  }

  /**
   * Gives a checkpoint that already scores other classes a new classifier in its place. Without
   * this, such a checkpoint is refused.
   *
   * @return a changed copy
   */
  public ClassificationTask replaceClassifier() {
    return new ClassificationTask(problem, labels, true);
  }
}
