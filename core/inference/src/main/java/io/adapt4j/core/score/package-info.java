/** Scoring: log-probabilities of a continuation given a context. */
@NullMarked
package io.adapt4j.core.score;

import org.jspecify.annotations.NullMarked;
