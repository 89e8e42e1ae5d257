package io.adapt4j.upkeep.cycle;

import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.upkeep.registry.ModelVersion;

/** Loads a version, evaluates it, and closes it. */
@FunctionalInterface
public interface Examiner {

  /**
   * Evaluates a version. The result may depend on nothing but the version and the evaluator.
   *
   * @param version the version to load
   * @param evaluator the exam
   * @return the report, with the version's reference as the candidate's name
   */
  EvaluationReport examine(ModelVersion version, Evaluator evaluator);
}
