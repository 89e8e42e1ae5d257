/**
 * Evaluation whose requests run on a cluster: a {@link io.adapt4j.spark.eval.SparkCandidate} is a
 * candidate of {@link io.adapt4j.eval.Evaluator} like every other.
 */
@NullMarked
package io.adapt4j.spark.eval;

import org.jspecify.annotations.NullMarked;
