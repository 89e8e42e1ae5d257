/** The refusal of a request, which all packages of the studio use. */
@NullMarked
package io.adapt4j.studio.internal;

import org.jspecify.annotations.NullMarked;
