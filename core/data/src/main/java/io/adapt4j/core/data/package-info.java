/**
 * Datasets of training examples that are read on demand: reading, splitting, mixing and writing.
 */
@NullMarked
package io.adapt4j.core.data;

import org.jspecify.annotations.NullMarked;
