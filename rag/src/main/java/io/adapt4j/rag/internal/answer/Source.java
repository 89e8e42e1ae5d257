package io.adapt4j.rag.internal.answer;

import io.adapt4j.rag.retrieve.Passage;

/**
 * A numbered passage.
 *
 * @param number from 1
 * @param passage the passage, as much of it as is shown
 */
record Source(int number, Passage passage) {}
