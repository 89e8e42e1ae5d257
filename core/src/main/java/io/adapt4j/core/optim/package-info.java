/** Optimizers: what a gradient does to a value. */
@NullMarked
package io.adapt4j.core.optim;

import org.jspecify.annotations.NullMarked;
