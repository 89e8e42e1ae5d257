/** Versions in a registry, and feedback of services. */
@NullMarked
package io.adapt4j.studio.internal.upkeep;

import org.jspecify.annotations.NullMarked;
