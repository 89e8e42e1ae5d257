/**
 * Prompting, RAG or fine-tuning? Advice from rules with sources, and an experiment that measures
 * it.
 */
@NullMarked
package io.adapt4j.eval.advise;

import org.jspecify.annotations.NullMarked;
