/** What all packages of the studio share. */
@NullMarked
package io.adapt4j.studio.internal;

import org.jspecify.annotations.NullMarked;
