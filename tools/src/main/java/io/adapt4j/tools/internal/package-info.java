/** Services of the module for other modules. */
@NullMarked
package io.adapt4j.tools.internal;

import org.jspecify.annotations.NullMarked;
