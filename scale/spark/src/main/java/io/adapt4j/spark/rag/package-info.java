/**
 * Indexes of documents in a DataFrame: {@link io.adapt4j.spark.rag.SparkIngestion} splits and
 * embeds on executors and stores in an index of adapt4j-rag.
 */
@NullMarked
package io.adapt4j.spark.rag;

import org.jspecify.annotations.NullMarked;
