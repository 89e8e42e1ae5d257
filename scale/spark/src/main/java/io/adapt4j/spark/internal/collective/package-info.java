/**
 * Collective operations between processes over sockets, in plain Java. {@link
 * io.adapt4j.spark.internal.collective.Mesh#connect} connects them; independent of Spark and
 * models.
 */
@NullMarked
package io.adapt4j.spark.internal.collective;

import org.jspecify.annotations.NullMarked;
