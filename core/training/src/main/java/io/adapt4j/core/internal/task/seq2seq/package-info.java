/** Sequence-to-sequence training. */
package io.adapt4j.core.internal.task.seq2seq;
