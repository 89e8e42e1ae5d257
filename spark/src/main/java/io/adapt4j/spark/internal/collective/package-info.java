/**
 * Sums and messages among processes, over sockets, in plain Java. {@link
 * io.adapt4j.spark.internal.collective.Mesh#connect} joins them; knows nothing of Spark or models.
 */
@NullMarked
package io.adapt4j.spark.internal.collective;

import org.jspecify.annotations.NullMarked;
