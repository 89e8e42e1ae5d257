/** Masked-token prediction. */
package io.adapt4j.core.internal.task.maskedlm;
