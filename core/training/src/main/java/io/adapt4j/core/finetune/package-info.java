/**
 * Fine-tuning: {@link FineTuner} describes a run, previews it, starts it and reports its result.
 */
@NullMarked
package io.adapt4j.core.finetune;

import org.jspecify.annotations.NullMarked;
