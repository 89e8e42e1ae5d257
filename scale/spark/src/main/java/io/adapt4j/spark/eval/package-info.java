/**
 * Evaluation whose requests run on a cluster: a {@link io.adapt4j.spark.eval.SparkCandidate} is a
 * regular candidate of {@link io.adapt4j.eval.Evaluator}.
 */
@NullMarked
package io.adapt4j.spark.eval;

import org.jspecify.annotations.NullMarked;
