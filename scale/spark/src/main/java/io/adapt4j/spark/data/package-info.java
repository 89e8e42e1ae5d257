/**
 * Training data from DataFrames, without collecting it on the driver: {@link
 * io.adapt4j.spark.data.SparkDatasets} writes shards in a fixed order, and {@link
 * io.adapt4j.spark.data.ShardedData} opens them on any machine as a regular dataset.
 */
@NullMarked
package io.adapt4j.spark.data;

import org.jspecify.annotations.NullMarked;
