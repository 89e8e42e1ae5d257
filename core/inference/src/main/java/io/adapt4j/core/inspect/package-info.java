/**
 * Inspection of model folders from their card, configuration and headers, without loading weights.
 */
@NullMarked
package io.adapt4j.core.inspect;

import org.jspecify.annotations.NullMarked;
