/** Predicting masked tokens. */
package io.adapt4j.core.internal.task.maskedlm;
