/** Statistics shared by the packages of this module. */
@NullMarked
package io.adapt4j.upkeep.internal;

import org.jspecify.annotations.NullMarked;
