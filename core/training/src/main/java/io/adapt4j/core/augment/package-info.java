/**
 * Data augmentation: paraphrases and questions by a {@link io.adapt4j.core.text.TextGenerator},
 * checked against the original texts, and paraphrases by templates.
 */
@NullMarked
package io.adapt4j.core.augment;

import org.jspecify.annotations.NullMarked;
