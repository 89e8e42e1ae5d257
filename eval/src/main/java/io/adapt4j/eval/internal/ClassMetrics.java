package io.adapt4j.eval.internal;

import io.adapt4j.eval.metric.CalibrationReport;
import io.adapt4j.eval.metric.ClassificationReport;
import io.adapt4j.eval.metric.Metric;
import io.adapt4j.eval.metric.Metrics;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.TaskMetric;
import java.util.List;
import java.util.stream.Stream;

/**
 * Metrics of tasks whose answers are classes. Classes are those that occur among the right answers
 * or the model's, as in scikit-learn without given labels.
 */
public final class ClassMetrics {
  /** Whether the class, or the most likely choice, is right. */
  public static final String ACC = "acc";

  /** Accuracy, macro F1, Matthews correlation coefficient and expected calibration error. */
  public static final List<TaskMetric> ALL =
      List.of(
          TaskMetric.mean(ACC),
          TaskMetric.corpus("macro_f1", true, outcomes -> decisions(outcomes).macro().f1()),
          TaskMetric.corpus("mcc", true, outcomes -> decisions(outcomes).matthews()),
          TaskMetric.corpus("ece", false, outcomes -> calibration(outcomes).expectedError()));

  private ClassMetrics() {}

  /** Computes the confusion matrix, with the classes in lexicographic order. */
  public static ClassificationReport decisions(List<Outcome> outcomes) {
    Metric<String, String, ClassificationReport> decisions =
        Metrics.classification(
            outcomes.stream()
                .flatMap(outcome -> Stream.of(outcome.expected(), outcome.got()))
                .distinct()
                .sorted()
                .toList());
    outcomes.forEach(outcome -> decisions.add(outcome.got(), outcome.expected()));
    return decisions.result();
  }

  public static CalibrationReport calibration(List<Outcome> outcomes) {
    Metric<Double, Boolean, CalibrationReport> calibration = Metrics.calibration();
    for (Outcome outcome : outcomes) {
      double confidence =
          outcome
              .confidence()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "Item '"
                              + outcome.id()
                              + "' has no confidence; ask for likelihoods or classes"));
      calibration.add(confidence, outcome.metric(ACC) == 1);
    }
    return calibration.result();
  }
}
