/** Writing one text for another. */
package io.adapt4j.core.internal.task.seq2seq;
