package io.adapt4j.eval.task;

import io.adapt4j.eval.metric.Average;
import io.adapt4j.eval.metric.Calibration;
import io.adapt4j.eval.metric.Classification;
import java.util.List;
import java.util.stream.Stream;

/**
 * Figures of tasks whose answers are classes. Classes are those that occur among the right answers
 * or the model's, as scikit-learn takes them where it is given no labels.
 */
public final class ClassFigures {

  /** The share of right answers. */
  public static final Figure ACCURACY = Figure.mean(ChoiceItem.ACC);

  /** The mean of the classes' F1. */
  public static final Figure MACRO_F1 =
      Figure.corpus("macro_f1", true, outcomes -> decisions(outcomes).f1(Average.MACRO));

  /** Matthews's correlation coefficient, from -1 to 1; 0 is no better than chance. */
  public static final Figure MATTHEWS =
      Figure.corpus("mcc", true, outcomes -> decisions(outcomes).matthews());

  /** The expected calibration error of the model's confidence in its answers, 15 bins. */
  public static final Figure CALIBRATION_ERROR =
      Figure.corpus("ece", false, outcomes -> calibration(outcomes).expectedError());

  /** All of them, the accuracy first. */
  public static final List<Figure> ALL = List.of(ACCURACY, MACRO_F1, MATTHEWS, CALIBRATION_ERROR);

  private ClassFigures() {}

  /**
   * Counts which class was taken for which.
   *
   * @param outcomes at least one
   * @return the counts, with the classes in the order of their characters
   * @throws IllegalArgumentException if there is no outcome
   */
  public static Classification decisions(List<Outcome> outcomes) {
    Classification decisions =
        new Classification(
            outcomes.stream()
                .flatMap(one -> Stream.of(one.expected(), one.got()))
                .distinct()
                .sorted()
                .toList());
    outcomes.forEach(one -> decisions.add(one.expected(), one.got()));
    return decisions;
  }

  /**
   * Collects how sure the model was and whether it was right.
   *
   * @param outcomes outcomes with a confidence
   * @return the collection
   * @throws IllegalArgumentException if an outcome has no confidence
   */
  public static Calibration calibration(List<Outcome> outcomes) {
    Calibration calibration = new Calibration();
    for (Outcome one : outcomes) {
      double confidence =
          one.confidence()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "Item '"
                              + one.id()
                              + "' has no confidence; ask for likelihoods or classes"));
      calibration.add(confidence, one.figure(ChoiceItem.ACC) == 1);
    }
    return calibration;
  }
}
