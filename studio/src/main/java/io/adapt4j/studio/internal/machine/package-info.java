/** Models and files of this machine. */
@NullMarked
package io.adapt4j.studio.internal.machine;

import org.jspecify.annotations.NullMarked;
