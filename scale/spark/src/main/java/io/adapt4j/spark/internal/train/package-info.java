/** Distributed fine-tuning by the tasks of a barrier stage. */
@NullMarked
package io.adapt4j.spark.internal.train;

import org.jspecify.annotations.NullMarked;
