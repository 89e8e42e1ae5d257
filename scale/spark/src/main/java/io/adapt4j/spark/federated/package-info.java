/**
 * Federated rounds on Spark: sites train where their data is, and only adapters are sent. Start
 * with {@link io.adapt4j.spark.federated.SparkSites}.
 */
@NullMarked
package io.adapt4j.spark.federated;

import org.jspecify.annotations.NullMarked;
