/** Screens: each answers the requests below its path. */
@NullMarked
package io.adapt4j.studio.internal.screen;

import org.jspecify.annotations.NullMarked;
