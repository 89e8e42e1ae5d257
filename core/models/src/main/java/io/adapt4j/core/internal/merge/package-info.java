/** Rules of merging the values of models, tensor by tensor. */
@NullMarked
package io.adapt4j.core.internal.merge;

import org.jspecify.annotations.NullMarked;
