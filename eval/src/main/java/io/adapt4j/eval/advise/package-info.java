/**
 * Prompting, RAG or fine-tuning? Advice from rules that name their sources, and an experiment that
 * measures it.
 */
@NullMarked
package io.adapt4j.eval.advise;

import org.jspecify.annotations.NullMarked;
