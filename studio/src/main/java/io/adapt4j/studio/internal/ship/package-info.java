/** Models that leave the studio: exports, services, and the code that calls them. */
@NullMarked
package io.adapt4j.studio.internal.ship;

import org.jspecify.annotations.NullMarked;
