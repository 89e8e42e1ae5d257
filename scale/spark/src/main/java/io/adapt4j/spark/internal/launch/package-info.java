/** Starts a driver, and with it a small cluster, from the class path alone. */
@NullMarked
package io.adapt4j.spark.internal.launch;

import org.jspecify.annotations.NullMarked;
