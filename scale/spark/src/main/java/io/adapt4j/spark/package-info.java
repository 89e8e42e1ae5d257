/** Fine-tuning, federated rounds and batch work on Apache Spark. */
@NullMarked
package io.adapt4j.spark;

import org.jspecify.annotations.NullMarked;
