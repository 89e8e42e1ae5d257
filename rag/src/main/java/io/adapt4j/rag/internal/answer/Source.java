package io.adapt4j.rag.internal.answer;

import io.adapt4j.rag.retrieve.Passage;

/** A numbered passage. */
record Source(int number, Passage passage) {}
