/**
 * Fine-tuning and inference. Start here: {@link FineTuner} trains a model; {@link LanguageModel},
 * {@link TextClassifier}, {@link TokenClassifier}, {@link TextEmbedder}, {@link
 * MaskedLanguageModel} and {@link RewardModel} use one.
 */
@NullMarked
package io.adapt4j.core;

import org.jspecify.annotations.NullMarked;
