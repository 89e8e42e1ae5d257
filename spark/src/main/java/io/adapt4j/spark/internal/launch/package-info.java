/** Starts a driver, and a small cluster beside it, from the class path alone. */
@NullMarked
package io.adapt4j.spark.internal.launch;

import org.jspecify.annotations.NullMarked;
