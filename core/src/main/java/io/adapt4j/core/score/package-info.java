/** Scoring: how likely a model finds a given continuation of a given context. */
@NullMarked
package io.adapt4j.core.score;

import org.jspecify.annotations.NullMarked;
