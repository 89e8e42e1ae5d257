/**
 * Models to run: {@link LanguageModel}, {@link TextClassifier}, {@link TokenClassifier}, {@link
 * TextEmbedder}, {@link TextReranker}, {@link SequenceToSequenceModel} and {@link
 * MaskedLanguageModel}. {@code io.adapt4j.core.finetune.FineTuner} trains them.
 */
@NullMarked
package io.adapt4j.core;

import org.jspecify.annotations.NullMarked;
