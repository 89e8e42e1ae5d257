package io.adapt4j.core.internal.task.coherence;

import io.adapt4j.core.task.Task;

/** Telling whether two halves belong to one text. */
public record CoherenceTask() implements Task {}
