/** Models that listen to recordings. */
@NullMarked
package io.adapt4j.speech;

import org.jspecify.annotations.NullMarked;
