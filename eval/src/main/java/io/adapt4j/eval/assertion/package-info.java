/** Assertions that fail a build if a model got worse. */
@NullMarked
package io.adapt4j.eval.assertion;

import org.jspecify.annotations.NullMarked;
