/** Hyperparameter search for fine-tuning. */
@NullMarked
package io.adapt4j.core.search;

import org.jspecify.annotations.NullMarked;
