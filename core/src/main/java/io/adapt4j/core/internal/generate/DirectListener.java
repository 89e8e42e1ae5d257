package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.GenerationListener;

/**
 * A listener that only puts aside what it is told, and so may be told on the thread that computes:
 * nobody has to be woken who would only wake somebody else. It does not fail and does not wait.
 */
public interface DirectListener extends GenerationListener {}
