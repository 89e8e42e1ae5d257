/** Tests whether inputs, answers, or scores have changed since a reference period. */
@NullMarked
package io.adapt4j.upkeep.drift;

import org.jspecify.annotations.NullMarked;
