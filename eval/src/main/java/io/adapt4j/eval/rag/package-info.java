/**
 * Metrics of answers from retrieved passages, judged by a {@link
 * io.adapt4j.core.text.TextGenerator} or by embeddings. They collect rows like those of {@link
 * io.adapt4j.eval.metric}; each asks its judge while a row is added, and a row whose judge fails is
 * not counted.
 */
@NullMarked
package io.adapt4j.eval.rag;

import org.jspecify.annotations.NullMarked;
