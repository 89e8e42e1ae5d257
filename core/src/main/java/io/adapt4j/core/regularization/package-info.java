/** Penalties that keep a tuned model near its base, against forgetting. */
@NullMarked
package io.adapt4j.core.regularization;

import org.jspecify.annotations.NullMarked;
