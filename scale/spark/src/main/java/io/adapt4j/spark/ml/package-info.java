/**
 * Models as stages of Spark ML pipelines: {@link io.adapt4j.spark.ml.GenerateTransformer}, {@link
 * io.adapt4j.spark.ml.EmbedTransformer}, {@link io.adapt4j.spark.ml.ClassifyTransformer} and {@link
 * io.adapt4j.spark.ml.ScoreTransformer} add columns to the rows of a DataFrame, and the {@link
 * io.adapt4j.spark.ml.AdapterEstimator}s train an adapter on one.
 */
@NullMarked
package io.adapt4j.spark.ml;

import org.jspecify.annotations.NullMarked;
