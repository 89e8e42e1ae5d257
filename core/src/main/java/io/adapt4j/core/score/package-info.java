/** Scoring: how likely a model finds a given continuation of a given context. */
package io.adapt4j.core.score;
