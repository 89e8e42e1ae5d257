/** Models that look at pictures. */
@NullMarked
package io.adapt4j.vision;

import org.jspecify.annotations.NullMarked;
