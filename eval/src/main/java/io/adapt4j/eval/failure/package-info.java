/**
 * Analysis of a model's failures: the worst cases, slices and clusters, and rows to correct them
 * with.
 */
@NullMarked
package io.adapt4j.eval.failure;

import org.jspecify.annotations.NullMarked;
