/** Predicting next tokens. */
package io.adapt4j.core.internal.task.causallm;
