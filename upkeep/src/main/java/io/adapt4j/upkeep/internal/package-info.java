/** What several packages of this module use. */
@NullMarked
package io.adapt4j.upkeep.internal;

import org.jspecify.annotations.NullMarked;
