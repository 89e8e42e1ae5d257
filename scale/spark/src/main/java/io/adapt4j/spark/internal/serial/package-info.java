/** Serializable forms of values that Spark sends between processes. */
@NullMarked
package io.adapt4j.spark.internal.serial;

import org.jspecify.annotations.NullMarked;
