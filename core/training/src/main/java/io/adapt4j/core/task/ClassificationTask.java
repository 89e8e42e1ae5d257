package io.adapt4j.core.task;

import java.util.List;

/**
 * Classification or regression of texts or of their words.
 *
 * @param problem kind of classification
 * @param labels the classes in order; empty to take them from the data
 * @param replacesClassifier whether a checkpoint's classifier for other classes is replaced
 */
public record ClassificationTask(
    ClassificationProblem problem, List<String> labels, boolean replacesClassifier)
    implements Task {

  /** Copies the labels. */
  public ClassificationTask {
    labels = List.copyOf(labels);
  }

  /**
   * Sets the classes and their order. By default they are those of the data, sorted: integers by
   * value, other names by their characters. Data may then contain the index of a class, from 0,
   * instead of its name.
   *
   * @param names the classes, class 0 first
   * @return a changed copy
   */
  public ClassificationTask labels(String... names) {
    return new ClassificationTask(problem, List.of(names), replacesClassifier);
  }

  /**
   * Replaces a checkpoint's classifier for other classes with a new one. Without this, such a
   * checkpoint is refused.
   *
   * @return a changed copy
   */
  public ClassificationTask replaceClassifier() {
    return new ClassificationTask(problem, labels, true);
  }
}
