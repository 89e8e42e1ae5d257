/** Work on the rows of a partition. */
@NullMarked
package io.adapt4j.spark.internal.rows;

import org.jspecify.annotations.NullMarked;
