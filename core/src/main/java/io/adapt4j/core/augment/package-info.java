/**
 * More rows of training data from few: other paraphrases and questions by a {@link
 * io.adapt4j.core.text.TextGenerator}, checked against what they were made of, and paraphrases by
 * templates without one.
 */
@NullMarked
package io.adapt4j.core.augment;

import org.jspecify.annotations.NullMarked;
