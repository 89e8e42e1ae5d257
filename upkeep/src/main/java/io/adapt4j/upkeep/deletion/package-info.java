/** Removal of training rows from models that learned from them. */
@NullMarked
package io.adapt4j.upkeep.deletion;

import org.jspecify.annotations.NullMarked;
