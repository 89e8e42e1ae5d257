/** Merging of models. */
@NullMarked
package io.adapt4j.core.merge;

import org.jspecify.annotations.NullMarked;
