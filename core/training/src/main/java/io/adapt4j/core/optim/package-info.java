/** Optimizers. */
@NullMarked
package io.adapt4j.core.optim;

import org.jspecify.annotations.NullMarked;
