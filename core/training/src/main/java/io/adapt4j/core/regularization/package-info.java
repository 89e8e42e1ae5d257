/** Regularization terms that keep a fine-tuned model near its base, against forgetting. */
@NullMarked
package io.adapt4j.core.regularization;

import org.jspecify.annotations.NullMarked;
